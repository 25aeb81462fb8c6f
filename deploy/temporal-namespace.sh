#!/bin/sh
# Makes the namespace, and waits until it answers real calls: for some seconds a new one is not found.
set -eu
until temporal operator cluster health; do sleep 1; done
temporal operator namespace describe --namespace baton ||
  temporal operator namespace create --namespace baton --retention 30d
until temporal workflow list --namespace baton --limit 1; do sleep 1; done
