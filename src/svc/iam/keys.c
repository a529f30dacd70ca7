/* SPDX-License-Identifier: Apache-2.0
 *
 * Key and record bytes of IAM; nobody else knows them. (The secrets of access keys are
 * cell/identity.h's.) All version 1.
 *
 *   ("iam", "account", account)        str alias, u8 has password policy, and it
 *   ("iam", kind's row, account, name) a thing: str path, str id, zigzag created_ms, tags, and what
 *                                      its kind has
 *
 * Policies that are attached are named by ARN, groups of a user and the role of a profile by name,
 * so what is named is loaded first.
 */
#include "base/mem.h"
#include "cell/cell.h"
#include "cell/policy.h"
#include "svc/iam/iam_int.h"

#include <assert.h>

#define VERSION 1
#define VALUE_BYTES_MAX (1u << 20)

static struct str key_of_thing(struct arena *arena, const struct thing *thing)
{
    struct key key = key_of(arena, "iam");

    key_str(&key, str_c(kind_words(thing->kind)->row));
    key_str(&key, account_id(thing->account));
    key_str(&key, thing->name);
    return key_end(&key);
}

/* ---- accounts ---- */

static struct str key_of_account(struct arena *arena, const struct account *account)
{
    struct key key = key_of(arena, "iam");

    key_str(&key, STR("account"));
    key_str(&key, account_id(account));
    return key_end(&key);
}

void account_save(struct call *c, const struct account *account)
{
    const struct password_policy *policy = &account->passwords;
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, account->alias);
    write_u8(&packed, policy->set);
    write_var(&packed, policy->length_min);
    write_u8(&packed, (uint8_t)(policy->symbols | policy->numbers << 1 | policy->uppers << 2 |
                                policy->lowers << 3 | policy->change_allowed << 4 |
                                policy->hard_expiry << 5));
    write_var(&packed, policy->age_days_max);
    write_var(&packed, policy->reuse);
    txn_put_packed(c->txn, key_of_account(c->arena, account), &packed);
}

static bool account_read(struct account *account, struct cursor *cursor)
{
    struct password_policy *policy = &account->passwords;
    uint8_t flags;

    text_set(&account->alias, read_str(cursor));
    policy->set = read_u8(cursor) != 0;
    policy->length_min = (uint32_t)read_var(cursor);
    flags = read_u8(cursor);
    policy->symbols = flags & 1;
    policy->numbers = flags & 2;
    policy->uppers = flags & 4;
    policy->lowers = flags & 8;
    policy->change_allowed = flags & 16;
    policy->hard_expiry = flags & 32;
    policy->age_days_max = (uint32_t)read_var(cursor);
    policy->reuse = (uint32_t)read_var(cursor);
    return cursor_done(cursor);
}

/* ---- who has policies ---- */

static void write_principal(struct buf *packed, const struct principal *principal)
{
    struct arena *arena = arena_new(64u * 1024);

    write_var(packed, principal->inline_count);
    for (size_t i = 0; i < principal->inline_count; i++) {
        write_str(packed, principal->inlines[i].name);
        write_str(packed, principal->inlines[i].document.text);
    }
    write_var(packed, principal->attached_count);
    for (size_t i = 0; i < principal->attached_count; i++) {
        write_str(packed, thing_arn(arena, &principal->attached[i]->thing));
    }
    write_str(packed, principal->boundary == NULL
                          ? STR_NONE
                          : thing_arn(arena, &principal->boundary->thing));
    arena_free(arena);
}

static bool read_inlines(struct principal *principal, struct cursor *cursor)
{
    uint64_t count = read_var(cursor);

    for (uint64_t i = 0; i < count && cursor_ok(cursor); i++) {
        struct str name = read_str(cursor);
        struct document document = {STR_NONE, NULL};
        struct str text = read_str(cursor);

        if (!cursor_ok(cursor) || !document_load(&document, text, POLICY_OF_IDENTITY)) {
            return false;
        }
        inline_set(principal, name, text, document.policy);
        text_set(&document.text, STR_NONE);
    }
    return cursor_ok(cursor);
}

static bool read_principal(struct principal *principal, struct cursor *cursor)
{
    struct account *account = principal->thing.account;
    struct managed *managed;
    struct str boundary;
    uint64_t count;

    if (!read_inlines(principal, cursor)) {
        return false;
    }
    count = read_var(cursor);
    for (uint64_t i = 0; i < count && cursor_ok(cursor); i++) {
        managed = (struct managed *)thing_of_arn(account, MANAGED, read_str(cursor));
        if (managed == NULL || principal->attached_count == ATTACHED_MAX) {
            return false;
        }
        attach(principal, managed);
    }
    boundary = read_str(cursor);
    if (boundary.bytes > 0) {
        managed = (struct managed *)thing_of_arn(account, MANAGED, boundary);
        if (managed == NULL) {
            return false;
        }
        boundary_set(principal, managed);
    }
    return cursor_ok(cursor);
}

/* ---- users ---- */

static void write_ssh_keys(struct buf *packed, const struct ssh_key *keys, size_t count)
{
    write_var(packed, count);
    for (size_t i = 0; i < count; i++) {
        write_str(packed, keys[i].id);
        write_str(packed, keys[i].body);
        write_u8(packed, keys[i].active);
        write_zigzag(packed, keys[i].uploaded_ms);
    }
}

static void write_user(struct buf *packed, const struct user *user)
{
    write_principal(packed, &user->principal);
    write_var(packed, user->group_count);
    for (size_t i = 0; i < user->group_count; i++) {
        write_str(packed, user->groups[i]->principal.thing.name);
    }
    write_var(packed, user->key_count);
    for (size_t i = 0; i < user->key_count; i++) {
        const struct access_key *key = &user->keys[i];

        write_str(packed, key->id);
        write_u8(packed, key->active);
        write_zigzag(packed, key->created_ms);
        write_zigzag(packed, key->used_ms);
        write_str(packed, key->used_service);
        write_str(packed, key->used_region);
    }
    write_ssh_keys(packed, user->ssh_keys, user->ssh_key_count);
    write_str(packed, user->password);
    write_zigzag(packed, user->password_ms);
    write_zigzag(packed, user->password_set_ms);
    write_u8(packed, user->password_reset);
    write_ssh_keys(packed, user->signing, user->signing_count);
    write_var(packed, user->service_key_count);
    for (size_t i = 0; i < user->service_key_count; i++) {
        const struct service_key *key = &user->service_keys[i];

        write_str(packed, key->id);
        write_str(packed, key->service);
        write_str(packed, key->user_name);
        write_u8(packed, key->active);
        write_zigzag(packed, key->created_ms);
    }
}

static bool read_ssh_keys(struct cursor *cursor, struct ssh_key *keys, size_t count_max,
                          size_t *ret_count)
{
    uint64_t count = read_var(cursor);

    if (count > count_max) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        text_set(&keys[i].id, read_str(cursor));
        text_set(&keys[i].body, read_str(cursor));
        keys[i].active = read_u8(cursor) != 0;
        keys[i].uploaded_ms = read_zigzag(cursor);
    }
    *ret_count = (size_t)count;
    return cursor_ok(cursor);
}

static bool read_service_keys(struct user *user, struct cursor *cursor)
{
    uint64_t count = read_var(cursor);

    if (count > SERVICE_KEYS_MAX) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        struct service_key *key = &user->service_keys[user->service_key_count++];

        text_set(&key->id, read_str(cursor));
        text_set(&key->service, read_str(cursor));
        text_set(&key->user_name, read_str(cursor));
        key->active = read_u8(cursor) != 0;
        key->created_ms = read_zigzag(cursor);
    }
    return cursor_ok(cursor);
}

static bool read_keys(struct user *user, struct cursor *cursor)
{
    uint64_t count = read_var(cursor);

    if (count > KEYS_MAX) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        struct access_key *key = &user->keys[user->key_count++];

        text_set(&key->id, read_str(cursor));
        key->active = read_u8(cursor) != 0;
        key->created_ms = read_zigzag(cursor);
        key->used_ms = read_zigzag(cursor);
        text_set(&key->used_service, read_str(cursor));
        text_set(&key->used_region, read_str(cursor));
        if (!cursor_ok(cursor) ||
            !map_set(user->principal.thing.account->iam->keys, key->id, user, NULL)) {
            return false;
        }
    }
    return read_ssh_keys(cursor, user->ssh_keys, SSH_KEYS_MAX, &user->ssh_key_count);
}

static bool read_user(struct user *user, struct cursor *cursor)
{
    struct account *account = user->principal.thing.account;
    uint64_t count;

    if (!read_principal(&user->principal, cursor)) {
        return false;
    }
    count = read_var(cursor);
    for (uint64_t i = 0; i < count && cursor_ok(cursor); i++) {
        struct group *group = (struct group *)thing_find(account, GROUP, read_str(cursor));

        if (group == NULL || user->group_count == GROUPS_PER_USER_MAX ||
            !group_join(group, user)) {
            return false;
        }
    }
    if (!read_keys(user, cursor)) {
        return false;
    }
    text_set(&user->password, read_str(cursor));
    user->password_ms = read_zigzag(cursor);
    user->password_set_ms = read_zigzag(cursor);
    user->password_reset = read_u8(cursor) != 0;
    if (cursor->rest.bytes == 0) { /* written before there were more */
        return cursor_done(cursor);
    }
    return read_ssh_keys(cursor, user->signing, SIGNING_MAX, &user->signing_count) &&
           read_service_keys(user, cursor) && cursor_done(cursor);
}

/* ---- roles ---- */

static void write_role(struct buf *packed, const struct role *role)
{
    write_principal(packed, &role->principal);
    write_str(packed, role->trust.text);
    write_str(packed, role->description);
    write_var(packed, role->session_seconds);
    write_zigzag(packed, role->used_ms);
    write_str(packed, role->used_region);
    write_str(packed, role->linked);
}

static bool read_role(struct role *role, struct cursor *cursor)
{
    if (!read_principal(&role->principal, cursor) ||
        !document_load(&role->trust, read_str(cursor), POLICY_OF_TRUST)) {
        return false;
    }
    text_set(&role->description, read_str(cursor));
    role->session_seconds = (uint32_t)read_var(cursor);
    role->used_ms = read_zigzag(cursor);
    text_set(&role->used_region, read_str(cursor));
    text_set(&role->linked, read_str(cursor));
    return cursor_done(cursor);
}

/* ---- managed policies ---- */

static void write_managed(struct buf *packed, const struct managed *managed)
{
    write_str(packed, managed->description);
    write_zigzag(packed, managed->updated_ms);
    write_var(packed, managed->version_default);
    write_var(packed, managed->version_last);
    write_var(packed, managed->version_count);
    for (size_t i = 0; i < managed->version_count; i++) {
        write_var(packed, managed->versions[i].number);
        write_zigzag(packed, managed->versions[i].created_ms);
        write_str(packed, managed->versions[i].document.text);
    }
}

static bool read_managed(struct managed *managed, struct cursor *cursor)
{
    uint64_t count;

    text_set(&managed->description, read_str(cursor));
    managed->updated_ms = read_zigzag(cursor);
    managed->version_default = (uint32_t)read_var(cursor);
    managed->version_last = (uint32_t)read_var(cursor);
    count = read_var(cursor);
    if (count > VERSIONS_MAX) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        struct version *version = &managed->versions[managed->version_count++];

        version->number = (uint32_t)read_var(cursor);
        version->created_ms = read_zigzag(cursor);
        if (!document_load(&version->document, read_str(cursor), POLICY_OF_IDENTITY)) {
            return false;
        }
    }
    return cursor_done(cursor) && version_find(managed, managed->version_default) != NULL;
}

/* ---- the others ---- */

static void write_provider(struct buf *packed, const struct provider *provider)
{
    texts_write(packed, &provider->clients);
    texts_write(packed, &provider->thumbprints);
    write_str(packed, provider->document);
    write_zigzag(packed, provider->valid_until_ms);
}

static bool read_provider(struct provider *provider, struct cursor *cursor)
{
    texts_read(cursor, &provider->clients);
    texts_read(cursor, &provider->thumbprints);
    text_set(&provider->document, read_str(cursor));
    provider->valid_until_ms = read_zigzag(cursor);
    return cursor_done(cursor);
}

static void write_certificate(struct buf *packed, const struct certificate *certificate)
{
    write_str(packed, certificate->body);
    write_str(packed, certificate->chain);
    write_str(packed, certificate->key);
    write_zigzag(packed, certificate->expires_ms);
}

static bool read_certificate(struct certificate *certificate, struct cursor *cursor)
{
    text_set(&certificate->body, read_str(cursor));
    text_set(&certificate->chain, read_str(cursor));
    text_set(&certificate->key, read_str(cursor));
    certificate->expires_ms = read_zigzag(cursor);
    return cursor_done(cursor);
}

static void write_mfa(struct buf *packed, const struct mfa *mfa)
{
    write_str(packed, mfa->seed);
    write_str(packed, mfa->user == NULL ? STR_NONE : mfa->user->principal.thing.name);
    write_zigzag(packed, mfa->enabled_ms);
}

static bool read_mfa(struct mfa *mfa, struct cursor *cursor)
{
    struct str name;

    text_set(&mfa->seed, read_str(cursor));
    name = read_str(cursor);
    mfa->user = (struct user *)thing_find(mfa->thing.account, USER, name);
    mfa->enabled_ms = read_zigzag(cursor);
    return cursor_done(cursor) && (name.bytes == 0 || mfa->user != NULL);
}

static bool read_profile(struct profile *profile, struct cursor *cursor)
{
    struct str name = read_str(cursor);

    profile->role = (struct role *)thing_find(profile->thing.account, ROLE, name);
    return cursor_done(cursor) && (name.bytes == 0 || profile->role != NULL);
}

/* ---- things ---- */

static void write_thing(struct buf *packed, const struct thing *thing)
{
    const void *at = thing;

    switch (thing->kind) {
    case USER:
        write_user(packed, at);
        break;
    case GROUP:
        write_principal(packed, at);
        break;
    case ROLE:
        write_role(packed, at);
        break;
    case MANAGED:
        write_managed(packed, at);
        break;
    case PROFILE: {
        const struct role *role = ((const struct profile *)at)->role;

        write_str(packed, role == NULL ? STR_NONE : role->principal.thing.name);
        break;
    }
    case CERTIFICATE:
        write_certificate(packed, at);
        break;
    case MFA:
        write_mfa(packed, at);
        break;
    default:
        write_provider(packed, at);
        break;
    }
}

static bool read_thing(struct thing *thing, struct cursor *cursor)
{
    void *at = thing;

    switch (thing->kind) {
    case USER:
        return read_user(at, cursor);
    case GROUP:
        return read_principal(at, cursor) && cursor_done(cursor);
    case ROLE:
        return read_role(at, cursor);
    case MANAGED:
        return read_managed(at, cursor);
    case PROFILE:
        return read_profile(at, cursor);
    case CERTIFICATE:
        return read_certificate(at, cursor);
    case MFA:
        return read_mfa(at, cursor);
    default:
        return read_provider(at, cursor);
    }
}

void thing_save(struct call *c, const struct thing *thing)
{
    struct buf packed;

    buf_init(&packed, VALUE_BYTES_MAX);
    write_u8(&packed, VERSION);
    write_str(&packed, thing->path);
    write_str(&packed, str_of(thing->id, ID_BYTES));
    write_zigzag(&packed, thing->created_ms);
    texts_write(&packed, &thing->tags);
    write_thing(&packed, thing);
    txn_put_packed(c->txn, key_of_thing(c->arena, thing), &packed);
}

void thing_erase(struct call *c, const struct thing *thing)
{
    txn_delete(c->txn, key_of_thing(c->arena, thing));
}

/* ---- loading ---- */

static bool load_thing(struct account *account, uint8_t kind, struct str name,
                       struct cursor *cursor)
{
    struct thing *thing = thing_new(account, kind, name);
    struct str id;

    text_set(&thing->path, read_str(cursor));
    id = read_str(cursor);
    thing->created_ms = read_zigzag(cursor);
    texts_read(cursor, &thing->tags);
    if (id.bytes != ID_BYTES || !cursor_ok(cursor) || !thing_add(account, thing)) {
        thing_free(thing);
        return false;
    }
    memcpy(thing->id, id.at, ID_BYTES);
    return read_thing(thing, cursor); /* on its shelf: freed with the account */
}

/* One row, whose key says which account (and, of a thing, which name). KINDS: an account's. */
static bool load_row(struct iam *iam, uint8_t kind, struct key_reader *rest, struct arena *arena,
                     struct str value)
{
    struct cursor cursor = cursor_of(value);
    struct account *account;
    struct str id;
    struct str name;

    if (!key_read_str(rest, arena, &id) || read_u8(&cursor) != VERSION) {
        return false;
    }
    account = account_find(iam, id);
    if (account == NULL) {
        return false;
    }
    if (kind == KINDS) {
        return account_read(account, &cursor);
    }
    return key_read_str(rest, arena, &name) && load_thing(account, kind, name, &cursor);
}

static status load_kind(struct iam *iam, uint8_t kind)
{
    struct arena *arena = arena_new(16u << 20);
    struct arena *row = arena_new(1u << 20);
    struct key prefix = key_of(arena, "iam");
    status loaded = OK;
    struct str key;
    struct str value;

    key_str(&prefix, kind == KINDS ? STR("account") : str_c(kind_words(kind)->row));
    struct kv_scan *scan = store_scan(cell_store(iam->cell), key_end(&prefix),
                                      key_after_prefix(arena, key_end(&prefix)), false);

    while (loaded == OK && store_scan_next(scan, &key, &value)) {
        struct key_reader rest = {key};
        struct str skipped;

        arena_clear(row);
        if (!key_read_str(&rest, row, &skipped) || !key_read_str(&rest, row, &skipped) ||
            !load_row(iam, kind, &rest, row, value)) {
            loaded = &ERR_CORRUPT;
        }
    }
    store_scan_close(scan);
    arena_free(row);
    arena_free(arena);
    return loaded;
}

status iam_load(struct iam *iam)
{
    static const uint8_t order[] = {KINDS, MANAGED, GROUP, USER, ROLE,
                                    PROFILE, OIDC, SAML, CERTIFICATE, MFA};

    for (size_t i = 0; i < sizeof(order); i++) {
        TRY(load_kind(iam, order[i]));
    }
    return OK;
}
