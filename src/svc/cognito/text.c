/* SPDX-License-Identifier: Apache-2.0
 *
 * Small things of texts, trees and pages.
 */
#include "svc/cognito/text.h"

#include "base/codec.h"
#include "svc/cognito/cognito_int.h"
#include "wire/json.h"

#define TOKEN_BYTES_MAX 4096

static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct str random_text(struct call *c, size_t bytes, bool upper)
{
    char *at = arena_alloc(c->arena, bytes + 1);

    for (size_t i = 0; i < bytes; i++) {
        uint64_t chance;

        rand_secret(&chance, sizeof(chance));
        at[i] = letters[chance % (upper ? 62 : 36)];
    }
    return str_of(at, bytes);
}

struct str uuid_new(struct call *c)
{
    char *id = arena_alloc(c->arena, 36);

    rand_uuid(c->rand, id);
    return str_of(id, 36);
}

struct str lowered(struct arena *arena, struct str text)
{
    struct str copy = arena_dup(arena, text);
    char *at = (char *)(uintptr_t)copy.at;

    for (size_t i = 0; i < copy.bytes; i++) {
        if (at[i] >= 'A' && at[i] <= 'Z') {
            at[i] = (char)(at[i] | 0x20);
        }
    }
    return copy;
}

bool is_uuid(struct str text)
{
    if (text.bytes != 36) {
        return false;
    }
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        char c = text.at[i];

        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return true;
}

bool is_email(struct str text)
{
    size_t at = str_find(text, '@', 0);
    struct str host = str_slice(text, at + 1, text.bytes);

    for (size_t i = 0; i < text.bytes; i++) {
        if ((unsigned char)text.at[i] <= ' ') {
            return false;
        }
    }
    return at > 0 && at < text.bytes && host.bytes > 0 && str_find(host, '@', 0) == host.bytes &&
           host.at[0] != '.' && host.at[host.bytes - 1] != '.';
}

bool is_phone(struct str text)
{
    if (text.bytes < 3 || text.bytes > 16 || text.at[0] != '+') {
        return false;
    }
    for (size_t i = 1; i < text.bytes; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') {
            return false;
        }
    }
    return true;
}

struct str masked(struct call *c, struct str address, bool email)
{
    size_t at = str_find(address, '@', 0);

    if (email && at + 1 < address.bytes) {
        return arena_printf(c->arena, "%c***@%c***", address.at[0], address.at[at + 1]);
    }
    if (address.bytes <= 5) {
        return arena_dup(c->arena, address);
    }
    return arena_printf(c->arena, "+%.*s%.4s", (int)address.bytes - 5, "**************************",
                        address.at + address.bytes - 4);
}

struct value *tree_at(struct value *structure, const char *member)
{
    return (struct value *)(uintptr_t)get(structure, member);
}

bool list_has(const struct value *list, struct str item)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(list->items[i].str, item)) {
            return true;
        }
    }
    return false;
}

void copy_members(struct call *c, struct value *about, const char *const *members)
{
    for (; *members != NULL; members++) {
        if (arg_has(c, *members)) {
            set_value(about, *members, arg(c, *members));
        }
    }
}

struct str token_of(struct call *c, struct str name)
{
    size_t bytes = base64_encoded_bytes(name.bytes);
    char *at = arena_alloc(c->arena, bytes + 1);

    base64_encode(name, at);
    return str_of(at, bytes);
}

status token_read(struct call *c, const char *member, struct str *ret_name)
{
    struct str token = arg_str(c, member);
    char *name = arena_alloc(c->arena, TOKEN_BYTES_MAX);
    size_t bytes = 0;

    if (token.bytes > TOKEN_BYTES_MAX || !base64_decode(token, name, &bytes)) {
        return fail(c, &COGNITO_INVALID, "Invalid pagination token");
    }
    *ret_name = str_of(name, bytes);
    return OK;
}

void json_pair(struct buf *buf, const char *name, struct str value)
{
    if (buf->bytes > 0 && buf->at[buf->bytes - 1] != '{') { /* no value ends so: it is quoted */
        buf_add_c(buf, ',');
    }
    json_write_str(buf, str_c(name));
    buf_add_c(buf, ':');
    json_write_str(buf, value);
}
