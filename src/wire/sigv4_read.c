/* SPDX-License-Identifier: Apache-2.0
 *
 * What a request says about its signature: the Authorization header, or a presigned URL's query.
 * The header goes first where there are both.
 *
 *   Authorization: AWS4-HMAC-SHA256 Credential=AKID/20261123/us-east-1/kinesis/aws4_request,
 *                  SignedHeaders=host;x-amz-date, Signature=<64 hex digits>
 *
 * Rules
 *  1. AWS names everything that is missing at once; S3 has its own codes for the same.
 *  2. The moment is X-Amz-Date, or Date where there is none, in either form.
 *  3. The scope's date is that of the moment.
 */
#include "wire/sigv4_int.h"

#include "base/codec.h"
#include "base/time.h"

const struct error SIGV4_MISSING_TOKEN = {"MissingAuthenticationTokenException",
                                          "MissingAuthenticationToken", 403, false};
const struct error SIGV4_INCOMPLETE = {"IncompleteSignatureException", "IncompleteSignature", 400,
                                       false};
const struct error SIGV4_UNKNOWN_KEY = {"UnrecognizedClientException", "InvalidClientTokenId", 403,
                                        false};
const struct error SIGV4_MISMATCH = {"InvalidSignatureException", "SignatureDoesNotMatch", 403,
                                     false};
const struct error SIGV4_SKEWED = {"InvalidSignatureException", "SignatureDoesNotMatch", 403,
                                   false};
const struct error SIGV4_EXPIRED = {"AccessDeniedException", "AccessDenied", 403, false};
const struct error SIGV4_TOKEN_EXPIRED = {"ExpiredTokenException", "ExpiredToken", 403, false};
const struct error SIGV4_S3_TOKEN_EXPIRED = {"ExpiredToken", NULL, 400, false};
const struct error SIGV4_S3_TOKEN = {"InvalidToken", NULL, 400, false};
const struct error SIGV4_S3_SKEWED = {"RequestTimeTooSkewed", NULL, 403, false};
const struct error SIGV4_S3_UNKNOWN_KEY = {"InvalidAccessKeyId", NULL, 403, false};
const struct error SIGV4_S3_MALFORMED = {"AuthorizationHeaderMalformed", NULL, 400, false};
const struct error SIGV4_S3_QUERY = {"AuthorizationQueryParametersError", NULL, 400, false};
const struct error SIGV4_S3_DENIED = {"AccessDenied", NULL, 403, false};
const struct error SIGV4_S3_INVALID = {"InvalidRequest", NULL, 400, false};
const struct error SIGV4_S3_ARGUMENT = {"InvalidArgument", NULL, 400, false};
const struct error SIGV4_S3_HASH = {"XAmzContentSHA256Mismatch", NULL, 400, false};
const struct error SIGV4_S3_BODY = {"IncompleteBody", NULL, 400, false};
const struct error SIGV4_S3_CHUNK_SIZE = {"InvalidChunkSizeError", NULL, 403, false};

#define ECHO_BYTES_MAX 512 /* of what a request said, in a sentence */

/* The header fields that matter here. */
struct fields {
    struct str authorization; /* the first of its name, as all; STR_NONE without */
    struct str content_hash;
    struct str security_token;
    struct str amz_date;
    struct str date;
};

static void keep_first(struct str *at, struct str value)
{
    if (at->at == NULL) {
        *at = value.at == NULL ? STR("") : value;
    }
}

static struct fields fields_of(const struct http_request *request)
{
    struct fields fields = {STR_NONE, STR_NONE, STR_NONE, STR_NONE, STR_NONE};

    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        struct str name = header->name;

        if (name.bytes == 20 && memcmp(name.at, "x-amz-", 6) == 0) {
            if (memcmp(name.at + 6, "content-sha256", 14) == 0) {
                keep_first(&fields.content_hash, header->value);
            } else if (memcmp(name.at + 6, "security-token", 14) == 0) {
                keep_first(&fields.security_token, header->value);
            }
        } else if (name.bytes == 13 && memcmp(name.at, "authorization", 13) == 0) {
            keep_first(&fields.authorization, header->value);
        } else if (name.bytes == 10 && memcmp(name.at, "x-amz-date", 10) == 0) {
            keep_first(&fields.amz_date, header->value);
        } else if (name.bytes == 4 && memcmp(name.at, "date", 4) == 0) {
            keep_first(&fields.date, header->value);
        }
    }
    return fields;
}

static bool is_s3(struct str service)
{
    return str_starts(service, STR("s3")) &&
           (service.bytes == 2 || str_eq(service, STR("s3express")) ||
            str_eq(service, STR("s3-outposts")) || str_eq(service, STR("s3-object-lambda")));
}

/* Of a header that is not as it should be. */
static bool looks_s3(struct str text)
{
    return str_find_str(text, STR("/s3/")) < text.bytes;
}

static enum sigv4_payload payload_of(struct str hash)
{
    if (hash.bytes == SIGV4_HEX_BYTES || hash.bytes == 0) { /* nearly always */
        return PAYLOAD_HASHED;
    }
    if (str_eq(hash, STR("UNSIGNED-PAYLOAD"))) {
        return PAYLOAD_UNSIGNED;
    }
    if (str_eq(hash, STR("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"))) {
        return PAYLOAD_CHUNKED_SIGNED;
    }
    if (str_eq(hash, STR("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"))) {
        return PAYLOAD_CHUNKED_SIGNED_TRAILER;
    }
    if (str_eq(hash, STR("STREAMING-UNSIGNED-PAYLOAD-TRAILER"))) {
        return PAYLOAD_CHUNKED_UNSIGNED_TRAILER;
    }
    return PAYLOAD_HASHED;
}

/* ---- the scope ---- */

static struct str echo(struct str s)
{
    return str_slice(s, 0, ECHO_BYTES_MAX);
}

/* AKID/20261123/us-east-1/kinesis/aws4_request; an access key holds no slash. */
static status scope_read(struct str text, struct why *why, struct sigv4 *sigv4)
{
    struct str parts[5];
    size_t count = 0;
    struct str rest = text;

    while (rest.at != NULL && count < 5) {
        parts[count++] = str_split(&rest, '/');
    }
    sigv4->s3 = count == 5 ? is_s3(parts[3]) : sigv4->s3 || looks_s3(text);
    if (count != 5 || rest.at != NULL || parts[0].bytes == 0) {
        return sigv4->s3 || sigv4->presigned
                   ? why_set(why, sigv4->presigned ? &SIGV4_S3_QUERY : &SIGV4_S3_MALFORMED,
                             "%s the Credential is mal-formed; expecting "
                             "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
                             sigv4->presigned ? "Error parsing the X-Amz-Credential parameter;"
                                              : "The authorization header is malformed;")
                   : why_set(why, &SIGV4_INCOMPLETE,
                             "Credential must have exactly 5 slash-delimited elements, e.g. "
                             "keyid/date/region/service/term, got '%.*s'",
                             STR_ARG(echo(text)));
    }
    if (!str_eq(parts[4], STR("aws4_request"))) {
        return why_set(why, &SIGV4_MISMATCH,
                       "Credential should be scoped with a valid terminator: 'aws4_request', not "
                       "'%.*s'.",
                       STR_ARG(echo(parts[4])));
    }
    sigv4->access_key = parts[0];
    sigv4->date = parts[1];
    sigv4->region = parts[2];
    sigv4->service = parts[3];
    return OK;
}

static status scope_date_check(const struct sigv4 *sigv4, struct why *why)
{
    if (sigv4->date.bytes == 8 && memcmp(sigv4->date.at, sigv4->signed_at.at, 8) == 0) {
        return OK;
    }
    return why_set(why, sigv4->s3 ? &SIGV4_S3_MALFORMED : &SIGV4_MISMATCH,
                   "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                   "from HTTP: '%.*s' != '%.8s', from '%.*s'.",
                   STR_ARG(echo(sigv4->date)), sigv4->signed_at.at, STR_ARG(sigv4->signed_at));
}

static bool moment_read(struct str text, struct sigv4 *sigv4)
{
    if (text.bytes != SIGV4_DATE_BYTES || !time_from_sigv4(text, &sigv4->signed_at_ms)) {
        return false;
    }
    sigv4->signed_at = text;
    return true;
}

/* ---- the header ---- */

static bool date_read(const struct fields *fields, struct arena *arena, struct sigv4 *sigv4)
{
    struct buf text;

    if (fields->amz_date.bytes > 0) {
        return moment_read(fields->amz_date, sigv4);
    }
    if (moment_read(fields->date, sigv4)) {
        return true;
    }
    if (!time_from_http_date(fields->date, &sigv4->signed_at_ms)) {
        return false;
    }
    buf_init(&text, 64);
    buf_add_sigv4_date(&text, sigv4->signed_at_ms);
    sigv4->signed_at = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return true;
}

/* Rule 1. */
static status incomplete(const struct sigv4 *sigv4, struct str authorization, struct why *why)
{
#define WANTS "Authorization header requires "
    if (sigv4->s3) {
        return why_set(why, &SIGV4_S3_MALFORMED,
                       "The authorization header is malformed; the authorization header requires "
                       "three components: Credential, SignedHeaders, and Signature.");
    }
    return why_set(why, &SIGV4_INCOMPLETE, "%s%s%s%sAuthorization=%.*s",
                   sigv4->access_key.bytes > 0 ? "" : WANTS "'Credential' parameter. ",
                   sigv4->signature.bytes > 0 ? "" : WANTS "'Signature' parameter. ",
                   sigv4->signed_headers.bytes > 0 ? "" : WANTS "'SignedHeaders' parameter. ",
                   sigv4->signed_at.bytes > 0
                       ? ""
                       : WANTS "existence of either a 'X-Amz-Date' or a 'Date' header. ",
                   STR_ARG(echo(authorization)));
#undef WANTS
}

static status parts_read(struct str authorization, struct why *why, struct sigv4 *sigv4)
{
    struct str rest = str_slice(authorization, STR(SIGV4_ALGORITHM " ").bytes,
                                authorization.bytes);

    while (rest.at != NULL && rest.bytes > 0) {
        struct str part = str_trim(str_split(&rest, ','));
        size_t equals = str_find(part, '=', 0);
        struct str name = str_slice(part, 0, equals);
        struct str value = str_slice(part, equals + 1, part.bytes);

        if (equals == part.bytes && part.bytes > 0) {
            return why_set(why, &SIGV4_INCOMPLETE,
                           "'%.*s' not a valid key=value pair (missing equal-sign) in "
                           "Authorization header: '%.*s'.",
                           STR_ARG(echo(part)), STR_ARG(echo(authorization)));
        }
        if (str_eq(name, STR("Credential"))) {
            TRY(scope_read(value, why, sigv4));
        } else if (str_eq(name, STR("SignedHeaders"))) {
            sigv4->signed_headers = value;
        } else if (str_eq(name, STR("Signature"))) {
            sigv4->signature = value;
        }
    }
    return OK;
}

static status header_read(const struct fields *fields, struct arena *arena, struct why *why,
                          struct sigv4 *sigv4)
{
    struct str authorization = fields->authorization;
    bool dated = date_read(fields, arena, sigv4);

    TRY(parts_read(authorization, why, sigv4));
    if (sigv4->access_key.bytes == 0 || sigv4->signature.bytes == 0 ||
        sigv4->signed_headers.bytes == 0) {
        sigv4->s3 |= sigv4->access_key.bytes == 0 && looks_s3(authorization);
        return incomplete(sigv4, authorization, why);
    }
    if (!dated) {
        return sigv4->s3 ? why_set(why, &SIGV4_S3_DENIED,
                                   "AWS authentication requires a valid Date or x-amz-date header")
                         : incomplete(sigv4, authorization, why);
    }
    return scope_date_check(sigv4, why);
}

/* ---- the query ---- */

struct params {
    struct str algorithm; /* decoded; STR_NONE without */
    struct str credential;
    struct str date;
    struct str expires;
    struct str content_hash;
};

static void params_of(struct str rest, struct arena *arena, struct sigv4 *sigv4,
                      struct params *ret_params)
{
    while (rest.at != NULL) {
        struct str part = str_split(&rest, '&');
        size_t equals = str_find(part, '=', 0);
        struct str name = str_slice(part, 0, equals);
        struct {
            const char *name;
            struct str *at;
        } known[] = {
            {"X-Amz-Algorithm", &ret_params->algorithm},
            {"X-Amz-Credential", &ret_params->credential},
            {"X-Amz-Date", &ret_params->date},
            {"X-Amz-Expires", &ret_params->expires},
            {"X-Amz-Content-Sha256", &ret_params->content_hash},
            {"X-Amz-SignedHeaders", &sigv4->signed_headers},
            {"X-Amz-Signature", &sigv4->signature},
            {"X-Amz-Security-Token", &sigv4->session_token},
        };

        if (!str_starts(name, STR("X-Amz-"))) {
            continue;
        }
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
            struct str value;
            if (str_eq(name, str_c(known[i].name)) &&
                percent_decode(arena, str_slice(part, equals + 1, part.bytes), true, &value)) {
                *known[i].at = value;
            }
        }
    }
}

static status expires_read(const struct params *params, struct why *why, struct sigv4 *sigv4)
{
    int64_t seconds;

    if (params->expires.bytes == 0) {
        return OK;
    }
    if (!str_to_i64(params->expires, &seconds)) {
        return why_set(why, sigv4->s3 ? &SIGV4_S3_QUERY : &SIGV4_INCOMPLETE,
                       "X-Amz-Expires should be a number");
    }
    if (seconds < 0) {
        return why_set(why, sigv4->s3 ? &SIGV4_S3_QUERY : &SIGV4_INCOMPLETE,
                       "X-Amz-Expires must be non-negative");
    }
    if (seconds > SIGV4_PRESIGN_MS_MAX / 1000) {
        return why_set(why, sigv4->s3 ? &SIGV4_S3_QUERY : &SIGV4_INCOMPLETE,
                       "X-Amz-Expires must be less than a week (in seconds); that is, the given "
                       "X-Amz-Expires must be less than 604800 seconds");
    }
    sigv4->expires_ms = seconds * 1000;
    return OK;
}

static status query_incomplete(const struct params *params, const struct sigv4 *sigv4,
                               struct why *why)
{
#define WANTS "AWS query-string parameters must include "
    if (sigv4->s3) {
        return why_set(why, &SIGV4_S3_QUERY,
                       "Query-string authentication version 4 requires the X-Amz-Algorithm, "
                       "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
                       "X-Amz-Expires parameters.");
    }
    return why_set(why, &SIGV4_INCOMPLETE, "%s%s%s%sRe-examine the query-string parameters.",
                   params->credential.bytes > 0 ? "" : WANTS "'X-Amz-Credential'. ",
                   sigv4->signature.bytes > 0 ? "" : WANTS "'X-Amz-Signature'. ",
                   sigv4->signed_headers.bytes > 0 ? "" : WANTS "'X-Amz-SignedHeaders'. ",
                   params->date.bytes > 0 ? "" : WANTS "'X-Amz-Date'. ");
#undef WANTS
}

static status query_read(const struct params *params, struct why *why, struct sigv4 *sigv4)
{
    sigv4->s3 = str_find_str(params->credential, STR("/s3/")) < params->credential.bytes;
    if (params->credential.bytes == 0 || sigv4->signature.bytes == 0 ||
        sigv4->signed_headers.bytes == 0 || params->date.bytes == 0 ||
        (sigv4->s3 && params->expires.bytes == 0)) {
        return query_incomplete(params, sigv4, why);
    }
    sigv4->presigned = sigv4->s3; /* says scope_read how to put it */
    TRY(scope_read(params->credential, why, sigv4));
    sigv4->presigned = true;
    if (!moment_read(params->date, sigv4)) {
        return why_set(why, sigv4->s3 ? &SIGV4_S3_QUERY : &SIGV4_INCOMPLETE,
                       "X-Amz-Date must be in the ISO8601 Long Format "
                       "\"yyyyMMdd'T'HHmmss'Z'\"");
    }
    TRY(expires_read(params, why, sigv4));
    if (sigv4->content_hash.bytes == 0 && params->content_hash.bytes > 0) {
        sigv4->content_hash = params->content_hash;
        sigv4->payload = payload_of(sigv4->content_hash);
    } else if (sigv4->content_hash.bytes == 0 && sigv4->s3) {
        sigv4->payload = PAYLOAD_UNSIGNED;
    }
    return scope_date_check(sigv4, why);
}

/* ?AWSAccessKeyId=…&Signature=…&Expires=…: version 2, which has no scope. */
static void version_two_read(struct str rest, struct arena *arena, struct sigv4 *sigv4)
{
    struct str key = STR_NONE;
    bool is_signed = false;
    bool is_action = false;

    while (rest.at != NULL) {
        struct str part = str_split(&rest, '&');
        size_t equals = str_find(part, '=', 0);
        struct str name = str_slice(part, 0, equals);
        struct str value = str_slice(part, equals + 1, part.bytes);

        if (str_eq(name, STR("AWSAccessKeyId")) && !percent_decode(arena, value, true, &key)) {
            key = STR_NONE;
        }
        is_signed |= str_eq(name, STR("Signature"));
        is_action |= str_eq(name, STR("Action")); /* of a Query service: nothing of S3's */
    }
    if (key.bytes == 0 || !is_signed || is_action) {
        return;
    }
    sigv4->present = sigv4->presigned = sigv4->version_two = sigv4->s3 = true;
    sigv4->access_key = key;
    sigv4->region = STR("us-east-1"); /* the only one whose clients still do it */
    sigv4->service = STR("s3");
    sigv4->payload = PAYLOAD_UNSIGNED;
}

/* ---- both ---- */

status sigv4_unsupported(struct why *why)
{
    return why_set(why, &SIGV4_S3_INVALID,
                   "The authorization mechanism you have provided is not supported. Please use "
                   SIGV4_ALGORITHM ".");
}

/* Other ways of AWS's to sign: Version 2, and Version 4 with elliptic curves. */
static status other_algorithm(struct str authorization, struct why *why)
{
    if (!str_starts(authorization, STR("AWS4-")) && !str_starts(authorization, STR("AWS "))) {
        return OK;
    }
    return sigv4_unsupported(why);
}

status sigv4_read(const struct http_request *request, struct arena *arena, struct why *why,
                  struct sigv4 *ret_sigv4)
{
    struct fields fields = fields_of(request);
    struct sigv4 sigv4 = {
        .content_hash = fields.content_hash,
        .payload = payload_of(fields.content_hash),
        .session_token = fields.security_token,
    };

    if (str_starts(fields.authorization, STR(SIGV4_ALGORITHM " "))) {
        sigv4.present = true;
        TRY(header_read(&fields, arena, why, &sigv4));
    } else if (fields.authorization.bytes > 0) {
        TRY(other_algorithm(fields.authorization, why));
    } else if (str_find_str(request->query, STR("X-Amz-Algorithm=")) < request->query.bytes) {
        struct params params = {STR_NONE, STR_NONE, STR_NONE, STR_NONE, STR_NONE};

        params_of(request->query, arena, &sigv4, &params);
        if (str_eq(params.algorithm, STR(SIGV4_ALGORITHM))) {
            sigv4.present = true;
            TRY(query_read(&params, why, &sigv4));
        } else if (params.algorithm.at != NULL) {
            TRY(other_algorithm(params.algorithm, why));
        }
    } else if (str_find_str(request->query, STR("AWSAccessKeyId=")) < request->query.bytes) {
        version_two_read(request->query, arena, &sigv4);
    }
    *ret_sigv4 = sigv4;
    return OK;
}
