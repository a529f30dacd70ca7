/* SPDX-License-Identifier: Apache-2.0
 *
 * Where packages can be downloaded: a page of weir's own, open to whoever has the URL.
 *
 *   http://HOST/_weir/lambda/package/<sha256>?expires=<seconds>&signature=<HMAC of both>
 *
 * The key is made at each start and kept nowhere: a URL lives for ten minutes anyway.
 */
#include "base/codec.h"
#include "cell/cell.h"
#include "svc/lambda/package.h"

#define EXPIRES_SECONDS 600
#define PREFIX "/_weir/lambda/package/"

static struct str signature_of(struct call *c, struct str sha256_hex, struct str expires)
{
    struct lambda *lambda = lambda_of(c);
    uint8_t sum[SHA256_BYTES];
    char *hex = arena_alloc(c->arena, 2 * SHA256_BYTES);

    hmac_sha256(str_of(lambda->secret, sizeof(lambda->secret)),
                arena_printf(c->arena, "%.*s %.*s", STR_ARG(sha256_hex), STR_ARG(expires)), sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    return str_of(hex, 2 * SHA256_BYTES);
}

struct str package_location(struct call *c, struct str sha256_hex)
{
    struct str host = call_host(c);
    int64_t until = c->now / 1000 + EXPIRES_SECONDS;
    struct str expires = arena_printf(c->arena, "%lld", (long long)until);
    struct str signature = signature_of(c, sha256_hex, expires);

    return arena_printf(c->arena, "%s://%.*s" PREFIX "%.*s?expires=%.*s&signature=%.*s",
                        call_tls(c) ? "https" : "http", STR_ARG(host), STR_ARG(sha256_hex),
                        STR_ARG(expires), STR_ARG(signature));
}

status page_package(struct call *c)
{
    struct str sha256_hex = str_slice(c->request->path, sizeof(PREFIX) - 1, c->request->path.bytes);
    struct str expires = page_arg(c, "expires");
    struct str signature = page_arg(c, "signature");
    struct str right = signature_of(c, sha256_hex, expires);
    struct package package;
    struct call_extent extent;
    uint64_t until;

    if (signature.bytes != right.bytes ||
        !bytes_eq_const_time(signature.at, right.at, right.bytes) ||
        !str_to_u64(expires, &until) || (int64_t)until * 1000 < c->now) {
        call_answer(c, 403, "text/plain", STR("The request has expired.\n"));
        return OK;
    }
    if (!package_get(c, sha256_hex, &package)) {
        call_answer(c, 404, "text/plain", STR("There is no such package.\n"));
        return OK;
    }
    extent = (struct call_extent){.blob = package.blob, .size = package.zip_bytes};
    call_answer(c, 200, "application/zip", STR_NONE);
    call_send(c, &extent, 1);
    return OK;
}
