/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions of an authentication that is under way.
 */
#include "svc/cognito/session.h"

#include "base/cursor.h"
#include "svc/cognito/text.h"

#include <assert.h>

#define VERSION 1
#define SESSION_BYTES_MAX (256u * 1024)
#define SWEEP_ROOM 1000

static struct str key_of_session(struct call *c, struct str id)
{
    struct key key = key_of(c->arena, "cognito-idp");

    key_str(&key, STR("session"));
    key_str(&key, id);
    return key_end(&key);
}

static struct str key_of_due(struct call *c, const struct session *session)
{
    struct key key = key_of(c->arena, "cognito-idp");

    key_str(&key, STR("session-due"));
    key_u64(&key, (uint64_t)session->expires_ms);
    key_str(&key, session->id);
    return key_end(&key);
}

void session_save(struct call *c, const struct session *session)
{
    const struct str texts[] = {session->pool,   session->client,  session->sub,
                                session->name,   session->challenge, session->a_hex,
                                session->b_hex,  session->secret,  session->code,
                                session->history, session->secrets, session->metadata};
    struct buf packed;

    buf_init(&packed, SESSION_BYTES_MAX);
    write_u8(&packed, VERSION);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        write_str(&packed, texts[i]);
    }
    write_u8(&packed, session->custom);
    write_u8(&packed, session->proved);
    write_var(&packed, session->tries);
    write_zigzag(&packed, session->expires_ms);
    if (buf_spent(&packed)) { /* a custom challenge's insides: then there is no session */
        buf_done(&packed);
        return;
    }
    txn_put_packed(c->txn, key_of_session(c, session->id), &packed);
}

void session_open(struct call *c, const struct client *client, struct session *session)
{
    session->id = random_text(c, SESSION_ID_BYTES, true);
    session->pool = client->pool;
    session->client = client->id;
    session->tries = 0;
    session->expires_ms =
        c->now + get_int(client->about, "AuthSessionValidity", 3) * MS_PER_MINUTE;
    session_save(c, session);
    txn_put(c->txn, key_of_due(c, session), STR(""));
}

void session_close(struct call *c, const struct session *session)
{
    struct str packed;

    if (txn_get(c->txn, key_of_session(c, session->id), &packed)) {
        txn_delete(c->txn, key_of_session(c, session->id));
        txn_delete(c->txn, key_of_due(c, session));
    }
}

static bool unpack(struct str packed, struct session *session)
{
    struct cursor cursor = cursor_of(packed);
    struct str *const texts[] = {&session->pool,   &session->client,  &session->sub,
                                 &session->name,   &session->challenge, &session->a_hex,
                                 &session->b_hex,  &session->secret,  &session->code,
                                 &session->history, &session->secrets, &session->metadata};

    cursor.bad |= read_u8(&cursor) != VERSION;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        *texts[i] = read_str(&cursor);
    }
    session->custom = read_u8(&cursor) != 0;
    session->proved = read_u8(&cursor) != 0;
    session->tries = (uint32_t)read_var(&cursor);
    session->expires_ms = read_zigzag(&cursor);
    return cursor_done(&cursor);
}

status session_find(struct call *c, struct str id, struct session *ret_session)
{
    struct str packed;
    bool good;

    if (id.bytes == 0 || !txn_get(c->txn, key_of_session(c, id), &packed)) {
        return fail(c, &COGNITO_NOT_AUTHORIZED,
                    "Invalid session for the user, session can only be used once.");
    }
    *ret_session = (struct session){.id = id};
    good = unpack(arena_dup(c->keep, packed), ret_session);
    assert(good);
    if (c->now >= ret_session->expires_ms) {
        return fail(c, &COGNITO_NOT_AUTHORIZED,
                    "Invalid session for the user, session is expired.");
    }
    return OK;
}

bool sessions_sweep(struct call *c)
{
    struct key begin = key_of(c->arena, "cognito-idp"), end;
    struct txn_scan *scan;
    struct str key, value;
    bool any = true;

    key_str(&begin, STR("session-due"));
    end = key_of(c->arena, "cognito-idp");
    key_str(&end, STR("session-due"));
    key_u64(&end, (uint64_t)c->now);
    scan = txn_scan(c->txn, key_end(&begin), key_end(&end), false);
    while (txn_room(c->txn) > SWEEP_ROOM && (any = txn_scan_next(scan, &key, &value))) {
        struct key_reader reader = {key};
        struct str part, row = arena_dup(c->arena, key);
        uint64_t at_ms;
        bool good = key_read_str(&reader, c->arena, &part) &&
                    key_read_str(&reader, c->arena, &part) && key_read_u64(&reader, &at_ms) &&
                    key_read_str(&reader, c->arena, &part);

        assert(good);
        txn_delete(c->txn, row);
        txn_delete(c->txn, key_of_session(c, part));
    }
    txn_scan_close(scan);
    return !any;
}
