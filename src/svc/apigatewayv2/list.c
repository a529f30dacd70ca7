/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists in pages: in the order of ids; a page's token is the last id told, in base64.
 */
#include "base/codec.h"
#include "svc/apigatewayv2/rule.h"

#define PAGE_DEFAULT 25
#define PAGE_MAX 100
#define TOKEN_BYTES_MAX 1024

static status page_size(struct call *c, size_t *ret_count)
{
    struct str text = arg_str(c, "MaxResults");
    uint64_t count = PAGE_DEFAULT;

    if (text.bytes > 0 && (!str_to_u64(text, &count) || count == 0)) {
        return bad_request(c, "Invalid maxResults value specified: %.*s",
                           STR_ARG(str_slice(text, 0, 64)));
    }
    *ret_count = (size_t)(count > PAGE_MAX ? PAGE_MAX : count);
    return OK;
}

static status token_read(struct call *c, struct str *ret_after)
{
    struct str token = arg_str(c, "NextToken");
    char *after;
    size_t bytes;

    if (token.bytes == 0) {
        *ret_after = STR_NONE;
        return OK;
    }
    after = arena_alloc(c->arena, TOKEN_BYTES_MAX);
    if (token.bytes > TOKEN_BYTES_MAX || !base64_decode(token, after, &bytes) || bytes == 0) {
        return bad_request(c, "Invalid nextToken specified");
    }
    *ret_after = str_of(after, bytes);
    return OK;
}

static struct str token_of(struct call *c, struct str id)
{
    size_t bytes = base64_encoded_bytes(id.bytes);
    char *token = arena_alloc(c->arena, bytes);

    base64_encode(id, token);
    return str_of(token, bytes);
}

status list_tell(struct call *c, const struct listing *listing)
{
    struct str last = STR_NONE;
    struct record_scan *scan;
    struct value *record;
    struct value *items;
    struct str id;
    size_t max;

    TRY(page_size(c, &max));
    TRY(token_read(c, &last));
    items = put_list(c, "Items", max);
    scan = record_scan(c, c->arena, listing->kind, listing->owner, last);
    while (record_next(scan, &id, &record)) {
        if (!str_starts(id, listing->prefix)) {
            continue;
        }
        if (items->count == max) {
            put_str(c, "NextToken", token_of(c, last));
            break;
        }
        if (listing->tell != NULL) {
            listing->tell(c, record);
        }
        last = id;
        copy_members(list_add(c->arena, items), record);
    }
    record_scan_close(scan);
    return OK;
}

status list_of_api(struct call *c, enum kind kind)
{
    struct api api;

    TRY(api_of_call(c, &api));
    return list_tell(c, &(struct listing){.kind = kind, .owner = api.id});
}
