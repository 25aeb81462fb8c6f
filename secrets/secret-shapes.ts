/** What stands where a secret was. */
export const mask = '[secret]';

/** What may stand between a name and its value: in a header, a setting, JSON, and JSON within JSON. */
const beforeList = String.raw`[\\"']{0,4}\s{0,4}(?::|=>?)\s{0,4}`;
/** The same, and a quote or a list's bracket before the value. */
const equals = String.raw`${beforeList}\[?[\\"']{0,4}`;
/** What a value is made of. A name with a word behind it is ordinary text: a value has 12 characters and a digit among them. */
const value = String.raw`(?=[\w.~+/=-]{0,80}\d)[\w.~+/=-]{12,}`;
/** Schemes of `Authorization` that one value follows, and those that a list of `name=value` follows. */
const schemes = String.raw`bearer|basic|negotiate|ntlm|token|genie\w{0,3}|apikey|api-key|key|bot|splunk|ssws|sharedkey(?:lite)?|sso-key|jwt|dpop`;
const listSchemes = 'digest|aws4-[a-z0-9-]{1,30}|oauth|hawk|signature|mac|hmac[a-z0-9-]{0,20}';
/** The rest of a header's line. A quote belongs to it where it stands behind an equals sign, else it is the end of the text around it. */
const restOfHeader = String.raw`(?:[^"'\\\r\n=]|=(?:\\{0,3}"(?![,}\]])[^"\\\r\n]*\\{0,3}")?)+`;

/** A token's first letters are its maker's. In JSON and in URLs an escaped character can stand before them, so any may. */
const tokens = [
  String.raw`baton_[a-z0-9]{12}_\w{8,}`,
  String.raw`xox[a-z](?:\.xox[a-z])?-[\w-]{4,}`,
  String.raw`xapp-[\w-]{4,}`,
  'A(?:KIA|SIA|BIA|CCA)[0-9A-Z]{12,}',
  String.raw`gh[pousr]_\w{20,}|github_pat_\w{20,}`,
  String.raw`gl(?:pat|dt|rt|soat|cbt|ptt|ft|imt|agent|oas|ffct)-[\w.-]{10,}`,
  String.raw`glsa_\w{16,}|glc_[\w+/=]{16,}`,
  String.raw`AT[AC]TT3[\w=-]{20,}|ATBB\w{24,}`,
  String.raw`pd(?:us|eu)\+[\w+/=-]{8,}`,
  String.raw`[sr]k_(?:live|test)_\w{8,}`,
  String.raw`(?<!(?<!\\|%\w)[A-Za-z-])sk-(?:(?:proj|ant|svcacct|admin|or|lf)-[\w-]{10,}|[A-Za-z0-9]{32,})`,
  String.raw`AIza[\w-]{20,}|ya29\.[\w.-]{10,}|GOCSPX-[\w-]{16,}`,
  String.raw`npm_[A-Za-z0-9]{20,}|pypi-[\w-]{40,}|dckr_pat_[\w-]{16,}|rubygems_[a-f0-9]{32,}`,
  String.raw`SG\.[\w-]{10,80}\.[\w-]{10,}`,
  String.raw`do[opr]_v1_\w{16,}`,
  String.raw`hv[sbr]\.[\w-]{16,}`,
  String.raw`whsec_[\w+/=-]{10,}`,
  String.raw`shp(?:at|ca|pa|ss)_\w{10,}`,
  String.raw`hf_[A-Za-z0-9]{30,}|lin_api_\w{20,}|ntn_\w{20,}|sntry[su]_[\w+/=-]{20,}|dapi[a-f0-9]{32}`,
  String.raw`NRAK-[A-Z0-9]{20,}|PMAK-[\w-]{24,}|HRKU-[\w-]{20,}|AGE-SECRET-KEY-1\w{20,}|pscale_(?:tkn|pw)_[\w.-]{16,}`,
  // A JSON web token; without its dots, any JSON object in base64 that is long enough to hold one.
  String.raw`eyJ[\w+/-]{17,}={0,2}(?:\.[\w-]*){0,2}|eyJ[\w-]{8,16}\.[\w-]+(?:\.[\w-]*)?`,
];

/** Addresses that are as good as a token: where each of them begins to be secret. */
const webhooks = [
  String.raw`hooks\.slack(?:-gov)?\.com\/(?=services|workflows|triggers)`,
  String.raw`discord(?:app)?\.com\/api\/(?:v\d{1,2}\/)?webhooks\/`,
  String.raw`\.office(?:365)?\.com\/webhook(?:b2)?\/`,
  String.raw`\/integration\/(?=\w{16})`,
];

/**
 * Secrets that are known by their looks. None of these patterns looks for its end from each of many beginnings, so no long text can make
 * the search slow: what may be long either cannot fail, or has a bound.
 */
export const shapes: readonly [RegExp, string][] = [
  // A key whose end was cut away is masked as far as the text goes.
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
    mask,
  ],
  [new RegExp(tokens.join('|'), 'g'), mask],
  [new RegExp(`(${webhooks.join('|')})[\\w@/-]{8,}`, 'g'), `$1${mask}`],
  // Who is in front of a host. The second one: a password with a slash or the like in it. A port is none.
  [/:\/\/[^\s/"'\\?#<>]+@/g, `://${mask}@`],
  [/:\/\/[^\s/:@"'\\?#<>[]{0,80}:(?!\d{1,5}(?:[/?#\s"'\\]|$))[^\s@"'\\<>]{1,200}@/g, `://${mask}@`],
  // The form of Go's driver for MySQL: `ada:password@tcp(db:3306)/shop`.
  [/:[^\s:@"'\\]{1,100}@(?=(?:tcp|unix)\()/g, `:${mask}@`],
];

/** Those that stand behind the name of a header or a parameter. */
export const namedShapes: readonly [RegExp, string][] = [
  // Cookies, a list of them or one.
  [
    new RegExp(String.raw`(\b(?:set-)?cookie${beforeList}\[(\\{0,3}["']))[^\]\r\n]*(\]?)`, 'gi'),
    `$1${mask}$2$3`,
  ],
  [
    new RegExp(String.raw`(\b(?:set-)?cookie${equals})(?=[^\s=;,"'\\]{1,200}=)${restOfHeader}`, 'gi'),
    `$1${mask}`,
  ],
  [new RegExp(String.raw`(\bauthorization${equals}(?:${listSchemes})\s+)${restOfHeader}`, 'gi'), `$1${mask}`],
  [
    new RegExp(String.raw`(\bauthorization${equals}(?:${schemes})\s+(?:token=)?)[^\s"'\\,;]+`, 'gi'),
    `$1${mask}`,
  ],
  [
    new RegExp(
      String.raw`(\bauthorization${equals}(?!(?:${listSchemes})\s)(?:[\w-]{1,30}\s)?)${value}`,
      'gi',
    ),
    `$1${mask}`,
  ],
  [new RegExp(String.raw`(\b(?:bearer|token token=)\s{0,4})${value}`, 'gi'), `$1${mask}`],
  // Names that others use for what is no secret: here the value decides.
  [new RegExp(`((?:routing|integration|service)[_-]?key${equals})${value}`, 'gi'), `$1${mask}`],
  [/((?:signature|\bsig)(?:=|%3D))[\w%+/=-]{16,}/gi, `$1${mask}`],
];
