/* SPDX-License-Identifier: Apache-2.0
 *
 * The record of an access key; its bytes are drawn in identity_int.h.
 */
#include "cell/identity_int.h"

#include "base/cursor.h"

#include <assert.h>

#define RECORD_VERSION 2
#define FLAG_ACTIVE 1
#define FLAG_MFA 2

void identity_write(struct buf *packed, const struct identity *identity)
{
    assert(identity->made_ms >= 0);
    assert(identity->expires_ms >= 0);
    write_u8(packed, RECORD_VERSION);
    write_u8(packed, (uint8_t)identity->kind);
    write_u8(packed, (uint8_t)((identity->active ? FLAG_ACTIVE : 0) |
                               (identity->mfa ? FLAG_MFA : 0)));
    write_var(packed, (uint64_t)identity->made_ms);
    write_var(packed, (uint64_t)identity->expires_ms);
    write_str(packed, identity->secret);
    write_str(packed, identity->token);
    write_str(packed, identity->account);
    write_str(packed, identity->principal);
    write_str(packed, identity->source);
    write_str(packed, identity->user_id);
    write_str(packed, identity->source_identity);
    write_var(packed, identity->policy_count);
    for (size_t i = 0; i < identity->policy_count; i++) {
        write_str(packed, identity->policies[i]);
    }
    write_var(packed, identity->tag_count);
    for (size_t i = 0; i < identity->tag_count; i++) {
        write_str(packed, identity->tags[i].key);
        write_str(packed, identity->tags[i].value);
        write_u8(packed, identity->tags[i].transitive);
    }
}

static bool read_lists(struct cursor *cursor, struct arena *arena, struct identity *identity)
{
    uint64_t policies = read_var(cursor);
    struct str *texts;
    struct identity_tag *tags;

    if (policies > IDENTITY_POLICIES_MAX) {
        return false;
    }
    texts = policies > 0 ? arena_zero(arena, (size_t)policies * sizeof(*texts)) : NULL;
    for (size_t i = 0; i < policies; i++) {
        texts[i] = read_str(cursor);
    }
    uint64_t tag_count = read_var(cursor);

    if (tag_count > IDENTITY_TAGS_MAX) {
        return false;
    }
    tags = tag_count > 0 ? arena_zero(arena, (size_t)tag_count * sizeof(*tags)) : NULL;
    for (size_t i = 0; i < tag_count; i++) {
        tags[i].key = read_str(cursor);
        tags[i].value = read_str(cursor);
        tags[i].transitive = read_u8(cursor) != 0;
    }
    identity->policies = texts;
    identity->policy_count = (size_t)policies;
    identity->tags = tags;
    identity->tag_count = (size_t)tag_count;
    return true;
}

static bool read_second(struct cursor *cursor, struct arena *arena, struct identity *identity)
{
    uint8_t kind = read_u8(cursor);
    uint8_t flags = read_u8(cursor);
    uint64_t made_ms = read_var(cursor);
    uint64_t expires_ms = read_var(cursor);

    if (kind > IDENTITY_FEDERATED || made_ms > INT64_MAX || expires_ms > INT64_MAX) {
        return false;
    }
    identity->kind = (enum identity_kind)kind;
    identity->active = (flags & FLAG_ACTIVE) != 0;
    identity->mfa = (flags & FLAG_MFA) != 0;
    identity->made_ms = (int64_t)made_ms;
    identity->expires_ms = (int64_t)expires_ms;
    identity->secret = read_str(cursor);
    identity->token = read_str(cursor);
    identity->account = read_str(cursor);
    identity->principal = read_str(cursor);
    identity->source = read_str(cursor);
    identity->user_id = read_str(cursor);
    identity->source_identity = read_str(cursor);
    return read_lists(cursor, arena, identity) && cursor_done(cursor);
}

static bool read_first(struct cursor *cursor, struct identity *identity)
{
    identity->active = true;
    identity->secret = read_str(cursor);
    identity->account = read_str(cursor);
    identity->principal = read_str(cursor);
    identity->source = identity->principal;
    identity->kind = str_ends(identity->principal, STR(":root")) ? IDENTITY_ROOT : IDENTITY_USER;
    identity->user_id = identity->account;
    return cursor_done(cursor);
}

bool identity_read(struct str record, struct arena *arena, struct identity *ret_identity)
{
    struct cursor cursor = cursor_of(record);
    struct identity identity = {.secret = STR_NONE};
    uint8_t version = read_u8(&cursor);
    bool good = version == RECORD_VERSION ? read_second(&cursor, arena, &identity)
                                          : version == 1 && read_first(&cursor, &identity);

    if (good) {
        identity.access_key = ret_identity->access_key;
        *ret_identity = identity;
    }
    return good;
}
