/* SPDX-License-Identifier: Apache-2.0
 *
 * What a request says about its signature: the Authorization header, or a presigned URL's query.
 */
#include "base/codec.h"
#include "base/time.h"
#include "wire/sigv4_int.h"

const struct error SIGV4_MISSING_TOKEN = {"MissingAuthenticationTokenException",
                                          "MissingAuthenticationToken", 403, false};
const struct error SIGV4_INCOMPLETE = {"IncompleteSignatureException", "IncompleteSignature", 400,
                                       false};
const struct error SIGV4_UNKNOWN_KEY = {"UnrecognizedClientException", "InvalidClientTokenId", 400,
                                        false};
const struct error SIGV4_MISMATCH = {"InvalidSignatureException", "SignatureDoesNotMatch", 403,
                                     false};
const struct error SIGV4_SKEWED = {"InvalidSignatureException", "SignatureDoesNotMatch", 403,
                                   false};
const struct error SIGV4_EXPIRED = {"AccessDeniedException", "AccessDenied", 403, false};

/* Credential=AKID/20261123/us-east-1/kinesis/aws4_request */
static bool scope_read(struct str text, struct sigv4 *sigv4)
{
    struct str parts[5];
    size_t count = 0;
    struct str rest = text;

    /* From the end, since an access key of ours may be anything but holds no slash. */
    while (rest.at != NULL && count < 5) {
        parts[count++] = str_split(&rest, '/');
    }
    if (count != 5 || rest.at != NULL || !str_eq(parts[4], STR("aws4_request")) ||
        parts[0].bytes == 0 || parts[1].bytes != 8) {
        return false;
    }
    sigv4->access_key = parts[0];
    sigv4->date = parts[1];
    sigv4->region = parts[2];
    sigv4->service = parts[3];
    return true;
}

static enum sigv4_payload payload_of(struct str hash)
{
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

static status date_read(const struct http_request *request, struct why *why, struct sigv4 *sigv4)
{
    struct str date = http_header(request, STR("x-amz-date"));

    if (date.bytes > 0 && time_from_sigv4(date, &sigv4->signed_at_ms)) {
        return OK;
    }
    if (date.bytes == 0 &&
        time_from_http_date(http_header(request, STR("date")), &sigv4->signed_at_ms)) {
        return OK;
    }
    return why_set(why, &SIGV4_INCOMPLETE,
                   "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
                   "header. Authorization=%.*s",
                   STR_ARG(http_header(request, STR("authorization"))));
}

/* AWS lists everything that is missing at once. */
static status parts_missing(const struct sigv4 *sigv4, struct str authorization, struct why *why)
{
    char missing[256] = "";
    size_t bytes = 0;
    static const char *const names[] = {"Credential", "Signature", "SignedHeaders"};
    const bool there[] = {sigv4->access_key.bytes > 0, sigv4->signature.bytes > 0,
                          sigv4->signed_headers.bytes > 0};

    for (int i = 0; i < 3; i++) {
        if (!there[i]) {
            bytes += (size_t)snprintf(missing + bytes, sizeof(missing) - bytes,
                                      "Authorization header requires '%s' parameter. ", names[i]);
        }
    }
    return why_set(why, &SIGV4_INCOMPLETE, "%sAuthorization=%.*s", missing,
                   STR_ARG(str_slice(authorization, 0, 512)));
}

static status read_header(const struct http_request *request, struct str authorization,
                          struct why *why, struct sigv4 *sigv4)
{
    struct str rest = str_slice(authorization, STR(SIGV4_ALGORITHM).bytes, authorization.bytes);
    bool good_scope = true;

    while (rest.at != NULL) {
        struct str part = str_trim(str_split(&rest, ','));
        size_t equals = str_find(part, '=', 0);
        struct str name = str_slice(part, 0, equals);
        struct str value = str_slice(part, equals + 1, part.bytes);

        if (str_eq(name, STR("Credential"))) {
            good_scope = scope_read(value, sigv4);
        } else if (str_eq(name, STR("SignedHeaders"))) {
            sigv4->signed_headers = value;
        } else if (str_eq(name, STR("Signature"))) {
            sigv4->signature = value;
        }
    }
    if (!good_scope) {
        return why_set(why, &SIGV4_INCOMPLETE,
                       "Credential must have exactly 5 slash-delimited elements, e.g. "
                       "keyid/date/region/service/term, got '%.*s'",
                       STR_ARG(str_slice(authorization, 0, 256)));
    }
    if (sigv4->access_key.bytes == 0 || sigv4->signature.bytes == 0 ||
        sigv4->signed_headers.bytes == 0) {
        return parts_missing(sigv4, authorization, why);
    }
    return date_read(request, why, sigv4);
}

static struct str query_value(const struct http_request *request, struct str name,
                              struct arena *arena)
{
    struct str rest = request->query;
    struct str value;

    while (rest.at != NULL) {
        struct str part = str_split(&rest, '&');
        size_t equals = str_find(part, '=', 0);

        if (str_eq(str_slice(part, 0, equals), name) &&
            percent_decode(arena, str_slice(part, equals + 1, part.bytes), false, &value)) {
            return value;
        }
    }
    return STR_NONE;
}

static status read_query(const struct http_request *request, struct arena *arena, struct why *why,
                         struct sigv4 *sigv4)
{
    uint64_t seconds;

    sigv4->presigned = true;
    sigv4->signature = query_value(request, STR("X-Amz-Signature"), arena);
    sigv4->signed_headers = query_value(request, STR("X-Amz-SignedHeaders"), arena);
    sigv4->session_token = query_value(request, STR("X-Amz-Security-Token"), arena);
    if (!scope_read(query_value(request, STR("X-Amz-Credential"), arena), sigv4) ||
        sigv4->signature.bytes == 0 || sigv4->signed_headers.bytes == 0 ||
        !time_from_sigv4(query_value(request, STR("X-Amz-Date"), arena), &sigv4->signed_at_ms) ||
        !str_to_u64(query_value(request, STR("X-Amz-Expires"), arena), &seconds) ||
        seconds > (uint64_t)SIGV4_PRESIGN_MS_MAX / 1000) {
        return why_set(why, &SIGV4_INCOMPLETE,
                       "Query-string authentication version 4 requires the X-Amz-Algorithm, "
                       "X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and "
                       "X-Amz-Expires parameters.");
    }
    sigv4->expires_ms = (int64_t)seconds * 1000;
    return OK;
}

status sigv4_read(const struct http_request *request, struct arena *arena, struct why *why,
                  struct sigv4 *ret_sigv4)
{
    struct str authorization = http_header(request, STR("authorization"));
    struct sigv4 sigv4 = {.present = false};
    status read = OK;

    sigv4.content_hash = http_header(request, STR("x-amz-content-sha256"));
    sigv4.payload = payload_of(sigv4.content_hash);
    sigv4.session_token = http_header(request, STR("x-amz-security-token"));
    if (str_starts(authorization, STR(SIGV4_ALGORITHM))) {
        read = read_header(request, authorization, why, &sigv4);
        sigv4.present = true;
    } else if (str_eq(query_value(request, STR("X-Amz-Algorithm"), arena), STR(SIGV4_ALGORITHM))) {
        read = read_query(request, arena, why, &sigv4);
        sigv4.present = true;
        if (sigv4.content_hash.bytes == 0 && str_eq(sigv4.service, STR("s3"))) {
            sigv4.payload = PAYLOAD_UNSIGNED;
        }
    }
    if (read != OK) {
        return read;
    }
    *ret_sigv4 = sigv4;
    return OK;
}
