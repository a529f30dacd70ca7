/* SPDX-License-Identifier: Apache-2.0
 *
 * AWS Signature Version 4, after the IAM user guide, "Create a signed AWS API request". All of a
 * request's headers are signed. The canonical request is hashed as it is made, and never stands
 * anywhere whole.
 */
#include "request.h"

#include "sha256.h"
#include "sys.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES_MAX 2048

static void hash_add(struct weir_sha256 *sha, const char *text)
{
    weir_sha256_add(sha, weir_text(text));
}

static int compare(struct weir_text one, struct weir_text other)
{
    size_t shorter = one.bytes < other.bytes ? one.bytes : other.bytes;
    int order = shorter == 0 ? 0 : memcmp(one.at, other.at, shorter);

    return order != 0 ? order : (one.bytes > other.bytes) - (one.bytes < other.bytes);
}

/* By name, then by value if that counts; else pairs of one name stay as they came. */
static void sort(const struct weir_request *request, struct weir_pair *pairs, size_t count,
                 bool by_value)
{
    for (size_t i = 1; i < count; i++) {
        struct weir_pair pair = pairs[i];
        size_t at = i;
        while (at > 0) {
            int order = compare(weir_request_name(request, &pairs[at - 1]),
                                weir_request_name(request, &pair));
            if (order == 0 && by_value) {
                order = compare(weir_request_value(request, &pairs[at - 1]),
                                weir_request_value(request, &pair));
            }
            if (order <= 0) {
                break;
            }
            pairs[at] = pairs[at - 1];
            at--;
        }
        pairs[at] = pair;
    }
}

/* ---- the path ---- */

/* Without ".", ".." and empty parts, and escaped once more. */
static void normalize(struct weir_text path, struct weir_buf *out)
{
    struct weir_text rest = path;
    size_t kept = 0;
    bool ends_in_slash = path.bytes == 0 || path.at[path.bytes - 1] == '/';

    while (rest.at != NULL) {
        struct weir_text part = weir_text_split(&rest, '/');
        if (weir_text_is(part, "..")) {
            while (out->bytes > 0 && out->at[--out->bytes] != '/') {
            }
            kept -= kept > 0;
        } else if (part.bytes > 0 && !weir_text_is(part, ".")) {
            weir_buf_add(out, "/", 1);
            weir_uri_add(out, part, "");
            kept++;
        }
    }
    if (ends_in_slash || kept == 0) {
        weir_buf_add(out, "/", 1);
    }
}

static void add_path(struct weir_sha256 *sha, struct weir_request *request, bool is_s3)
{
    struct weir_text path = weir_buf_text(&request->path);
    struct weir_buf normal;

    if (is_s3) {
        weir_sha256_add(sha, path.bytes > 0 ? path : WEIR_TEXT("/"));
        return;
    }
    weir_buf_init(&normal, path.bytes * 3 + 16);
    normalize(path, &normal);
    weir_sha256_add(sha, weir_buf_text(&normal));
    weir_buf_drop(&normal, &request->failed);
}

/* ---- headers ---- */

/* A value with runs of spaces made one. */
static void add_value(struct weir_sha256 *sha, struct weir_text value)
{
    struct weir_text rest = weir_text_trim(value);

    for (size_t i = 0; i < rest.bytes; i++) {
        if (rest.at[i] == ' ' && rest.at[i + 1] == ' ') {
            weir_sha256_add(sha, (struct weir_text){rest.at, i});
            rest.at += i + 1;
            rest.bytes -= i + 1;
            i = (size_t)-1;
        }
    }
    weir_sha256_add(sha, rest);
}

/* Whether the header before has the same name. */
static bool is_same_name(const struct weir_request *request, const struct weir_pair *header)
{
    return header > request->headers &&
           weir_text_eq(weir_request_name(request, header - 1), weir_request_name(request, header));
}

static void add_headers(struct weir_sha256 *sha, const struct weir_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (is_same_name(request, &request->headers[i])) {
            hash_add(sha, ",");
        } else {
            hash_add(sha, i == 0 ? "" : "\n");
            weir_sha256_add(sha, weir_request_name(request, &request->headers[i]));
            hash_add(sha, ":");
        }
        add_value(sha, weir_request_value(request, &request->headers[i]));
    }
    hash_add(sha, "\n\n");
}

static void add_names(struct weir_buf *out, const struct weir_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (!is_same_name(request, &request->headers[i])) {
            weir_buf_add(out, ";", i == 0 ? 0 : 1);
            weir_buf_add_text(out, weir_request_name(request, &request->headers[i]));
        }
    }
}

/* ---- the signature ---- */

/* Made once for all attempts. */
static const char *payload_hash(struct weir_request *request)
{
    unsigned char digest[WEIR_SHA256_BYTES];

    if (request->payload_hash[0] == '\0') {
        weir_sha256(request->payload, digest);
        weir_hex(digest, sizeof digest, request->payload_hash);
    }
    return request->payload_hash;
}

static void hash_request(struct weir_request *request, bool is_s3, char hex[65])
{
    unsigned char digest[WEIR_SHA256_BYTES];
    struct weir_sha256 sha;
    struct weir_buf names;

    sort(request, request->headers, request->header_count, false);
    sort(request, request->query, request->query_count, true);
    weir_sha256_init(&sha);
    hash_add(&sha, request->method);
    hash_add(&sha, "\n");
    add_path(&sha, request, is_s3);
    hash_add(&sha, "\n");
    for (size_t i = 0; i < request->query_count; i++) {
        hash_add(&sha, i == 0 ? "" : "&");
        weir_sha256_add(&sha, weir_request_name(request, &request->query[i]));
        hash_add(&sha, "=");
        weir_sha256_add(&sha, weir_request_value(request, &request->query[i]));
    }
    hash_add(&sha, "\n");
    add_headers(&sha, request);
    weir_buf_init(&names, request->words.bytes + WEIR_HEADERS_MAX);
    add_names(&names, request);
    weir_sha256_add(&sha, weir_buf_text(&names));
    weir_buf_drop(&names, &request->failed);
    hash_add(&sha, "\n");
    hash_add(&sha, payload_hash(request));
    weir_sha256_end(&sha, digest);
    weir_hex(digest, sizeof digest, hex);
}

void weir_signature(struct weir_request *request, const struct weir_credentials *credentials,
                    const struct weir_scope *scope, const char *moment, char to[65])
{
    unsigned char key[WEIR_SHA256_BYTES];
    struct weir_text chained = {(const char *)key, sizeof key};
    char line[LINE_BYTES_MAX];
    char hex[65];

    hash_request(request, scope->is_s3, hex);
    (void)snprintf(line, sizeof line, "AWS4%s", credentials->secret_access_key);
    weir_hmac_sha256(weir_text(line), (struct weir_text){moment, 8}, key);
    weir_hmac_sha256(chained, weir_text(scope->region), key);
    weir_hmac_sha256(chained, weir_text(scope->service), key);
    weir_hmac_sha256(chained, WEIR_TEXT("aws4_request"), key);
    (void)snprintf(line, sizeof line, "AWS4-HMAC-SHA256\n%s\n%.8s/%s/%s/aws4_request\n%s", moment,
                   moment, scope->region, scope->service, hex);
    weir_hmac_sha256(chained, weir_text(line), key);
    weir_hex(key, sizeof key, to);
}

void weir_sign(struct weir_request *request, const struct weir_credentials *credentials,
               const struct weir_scope *scope, int64_t now_ms)
{
    char moment[WEIR_MOMENT_BYTES_MAX];
    char hex[65];
    struct weir_buf line;

    weir_moment_basic(now_ms, moment);
    weir_request_header(request, WEIR_TEXT("x-amz-date"), weir_text(moment));
    if (credentials->session_token[0] != '\0') {
        weir_request_header(request, WEIR_TEXT("x-amz-security-token"),
                            weir_text(credentials->session_token));
    }
    if (scope->is_s3) {
        weir_request_header(request, WEIR_TEXT("x-amz-content-sha256"),
                            weir_text(payload_hash(request)));
    }
    weir_signature(request, credentials, scope, moment, hex);
    weir_buf_init(&line, request->words.bytes + LINE_BYTES_MAX);
    weir_buf_printf(&line, "AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/%s/aws4_request, SignedHeaders=",
                    credentials->access_key_id, moment, scope->region, scope->service);
    add_names(&line, request);
    weir_buf_printf(&line, ", Signature=%s", hex);
    weir_request_header(request, WEIR_TEXT("authorization"), weir_buf_text(&line));
    weir_buf_drop(&line, &request->failed);
}

void weir_presign(struct weir_request *request, const struct weir_credentials *credentials,
                  const struct weir_scope *scope, int64_t now_ms, int seconds)
{
    char moment[WEIR_MOMENT_BYTES_MAX];
    char hex[65];
    struct weir_buf text;

    weir_moment_basic(now_ms, moment);
    weir_buf_init(&text, request->words.bytes + LINE_BYTES_MAX);
    weir_request_query(request, WEIR_TEXT("X-Amz-Algorithm"), WEIR_TEXT("AWS4-HMAC-SHA256"));
    weir_buf_printf(&text, "%s/%.8s/%s/%s/aws4_request", credentials->access_key_id, moment,
                    scope->region, scope->service);
    weir_request_query(request, WEIR_TEXT("X-Amz-Credential"), weir_buf_text(&text));
    weir_request_query(request, WEIR_TEXT("X-Amz-Date"), weir_text(moment));
    weir_buf_again(&text, &request->failed);
    weir_buf_printf(&text, "%d", seconds);
    weir_request_query(request, WEIR_TEXT("X-Amz-Expires"), weir_buf_text(&text));
    if (credentials->session_token[0] != '\0') {
        weir_request_query(request, WEIR_TEXT("X-Amz-Security-Token"),
                           weir_text(credentials->session_token));
    }
    sort(request, request->headers, request->header_count, false);
    weir_buf_again(&text, &request->failed);
    add_names(&text, request);
    weir_request_query(request, WEIR_TEXT("X-Amz-SignedHeaders"), weir_buf_text(&text));
    if (scope->is_s3) { /* whoever uses the address brings the body */
        (void)snprintf(request->payload_hash, sizeof request->payload_hash, "UNSIGNED-PAYLOAD");
    }
    weir_signature(request, credentials, scope, moment, hex);
    weir_request_query(request, WEIR_TEXT("X-Amz-Signature"), weir_text(hex));
    weir_buf_drop(&text, &request->failed);
}
