/* SPDX-License-Identifier: Apache-2.0
 *
 * The operations of users' keys: access keys, whose secrets cell/identity.h keeps, and SSH public
 * keys, which are records.
 */
#include "base/codec.h"
#include "base/digest.h"
#include "cell/identity.h"
#include "svc/iam/iam_ops.h"

#include <assert.h>


static status user_changed(struct call *c, const struct user *user)
{
    thing_save(c, &user->principal.thing);
    call_on(c, thing_arn(c->arena, &user->principal.thing));
    return OK;
}

/* ---- access keys ---- */

static struct identity identity_of(struct call *c, const struct user *user, struct str id)
{
    const struct thing *thing = &user->principal.thing;

    return (struct identity){
        .access_key = id,
        .kind = IDENTITY_USER,
        .active = true,
        .made_ms = c->now,
        .account = account_id(thing->account),
        .principal = thing_arn(c->arena, thing),
        .source = thing_arn(c->arena, thing),
        .user_id = str_of(thing->id, ID_BYTES),
    };
}

/* CreateAccessKey: the only time that the secret is shown. */
status iam_create_key(struct call *c)
{
    struct identity identity;
    struct access_key *key;
    struct user *user;
    struct value *out;

    TRY(user_or_caller(c, &user));
    if (user->key_count == KEYS_MAX) {
        return fail(c, &IAM_LIMIT, "Cannot exceed quota for AccessKeysPerUser: %d", KEYS_MAX);
    }
    identity = identity_of(c, user, identity_fresh_key(c->arena, false));
    identity.secret = identity_fresh_secret(c->arena);
    if (identity_put(c, &identity) != OK) {
        return fail(c, &IAM_LIMIT, "weir keeps at most %d access keys.", IDENTITIES_MAX);
    }
    key = &user->keys[user->key_count++];
    text_set(&key->id, identity.access_key);
    key->active = true;
    key->created_ms = iam_now(c);
    map_set(iam_of(c)->keys, key->id, user, NULL);
    out = put_struct(c, "AccessKey");
    set_str(out, "UserName", user->principal.thing.name);
    set_str(out, "AccessKeyId", identity.access_key);
    set_str(out, "Status", STR("Active"));
    set_str(out, "SecretAccessKey", identity.secret);
    set_time(out, "CreateDate", key->created_ms);
    return user_changed(c, user);
}

/* The root's own: the key it calls with; others of it are not told. */
static status list_root_keys(struct call *c)
{
    struct value *item;
    struct piece piece;

    TRY(piece_begin(c, "AccessKeyMetadata", 1, &piece));
    if (c->identity != NULL && piece_takes(&piece, c->access_key)) {
        item = list_add(c->arena, piece.list);
        set_str(item, "AccessKeyId", c->access_key);
        set_str(item, "Status", STR("Active"));
        set_time(item, "CreateDate", c->identity->made_ms - c->identity->made_ms % 1000);
    }
    return OK;
}

/* ListAccessKeys */
status iam_list_keys(struct call *c)
{
    struct user *user;
    struct piece piece;

    if (!arg_has(c, "UserName") && str_ends(c->principal, STR(":root"))) {
        return list_root_keys(c);
    }
    TRY(user_or_caller(c, &user));
    TRY(piece_begin(c, "AccessKeyMetadata", user->key_count, &piece));
    for (size_t i = 0; i < user->key_count; i++) {
        const struct access_key *key = &user->keys[i];
        struct value *item;

        if (piece_takes(&piece, arena_printf(c->arena, "%zu", i + 1))) {
            item = list_add(c->arena, piece.list);
            set_str(item, "UserName", user->principal.thing.name);
            set_str(item, "AccessKeyId", key->id);
            set_str(item, "Status", key->active ? STR("Active") : STR("Inactive"));
            set_time(item, "CreateDate", key->created_ms);
        }
    }
    return OK;
}

static status key_of_call(struct call *c, struct user **ret_user, struct access_key **ret_key)
{
    struct str id = arg_str(c, "AccessKeyId");
    struct user *user;

    TRY(user_or_caller(c, &user));
    for (size_t i = 0; i < user->key_count; i++) {
        if (str_eq(user->keys[i].id, id)) {
            *ret_user = user;
            *ret_key = &user->keys[i];
            return OK;
        }
    }
    return fail(c, &IAM_NO_SUCH, "The Access Key with id %.*s cannot be found.", STR_ARG(id));
}

/* What the cell knows of a key, made to say what is true now. */
static void key_follows(struct call *c, const struct user *user, const struct access_key *key)
{
    const struct identity *there = identity_find(cell_identities(c->cell), key->id);
    struct identity identity = identity_of(c, user, key->id);
    status put;

    if (there == NULL) {
        return;
    }
    identity.secret = there->secret;
    identity.made_ms = there->made_ms;
    identity.active = key->active;
    put = identity_put(c, &identity);
    assert(put == OK); /* it is there already */
    identity_drop(there);
}

status keys_follow(struct call *c, const struct user *user)
{
    for (size_t i = 0; i < user->key_count; i++) {
        key_follows(c, user, &user->keys[i]);
    }
    return OK;
}

/* UpdateAccessKey */
status iam_update_key(struct call *c)
{
    struct access_key *key;
    struct user *user;

    TRY(key_of_call(c, &user, &key));
    if (str_eq(arg_str(c, "Status"), STR("Expired"))) {
        return fail(c, &IAM_INVALID, "An access key cannot be made to expire.");
    }
    key->active = str_eq(arg_str(c, "Status"), STR("Active"));
    key_follows(c, user, key);
    return user_changed(c, user);
}

/* DeleteAccessKey */
status iam_delete_key(struct call *c)
{
    struct access_key *key;
    struct user *user;
    size_t place;

    TRY(key_of_call(c, &user, &key));
    identity_delete(c, key->id);
    map_remove(iam_of(c)->keys, key->id);
    text_set(&key->id, STR_NONE);
    text_set(&key->used_service, STR_NONE);
    text_set(&key->used_region, STR_NONE);
    place = (size_t)(key - user->keys);
    user->key_count--;
    memmove(key, key + 1, (user->key_count - place) * sizeof(*key));
    user->keys[user->key_count] = (struct access_key){.active = false};
    return user_changed(c, user);
}

/* GetAccessKeyLastUsed */
status iam_key_last_used(struct call *c)
{
    struct str id = arg_str(c, "AccessKeyId");
    struct user *user = map_get(iam_of(c)->keys, id);
    struct value *out;

    if (user == NULL || !str_eq(account_id(user->principal.thing.account), c->account)) {
        return fail(c, &IAM_NO_SUCH, "The Access Key with id %.*s cannot be found.", STR_ARG(id));
    }
    put_str(c, "UserName", user->principal.thing.name);
    out = put_struct(c, "AccessKeyLastUsed");
    for (size_t i = 0; i < user->key_count; i++) {
        const struct access_key *key = &user->keys[i];
        bool used = key->used_ms > 0;

        if (str_eq(key->id, id)) {
            if (used) {
                set_time(out, "LastUsedDate", key->used_ms);
            }
            set_str(out, "ServiceName", used ? key->used_service : STR("N/A"));
            set_str(out, "Region", used ? key->used_region : STR("N/A"));
        }
    }
    return OK;
}

/* ---- SSH public keys ---- */

/* The blob of "ssh-rsa AAAA… comment": InvalidPublicKey. */
static status ssh_blob(struct call *c, struct str body, struct str *ret_blob)
{
    struct str rest = str_trim(body);
    struct str kind = str_split(&rest, ' ');
    struct str text = rest.at == NULL ? STR_NONE : str_split(&rest, ' ');
    char *blob = arena_alloc(c->arena, text.bytes + 1);
    size_t bytes = 0;

    if (str_starts(body, STR("-----BEGIN"))) {
        return fail(c, &IAM_SSH_ENCODING, "The public key must be in SSH format.");
    }
    if (!str_eq(kind, STR("ssh-rsa")) || text.bytes == 0 || !base64_decode(text, blob, &bytes) ||
        bytes < 4) {
        return fail(c, &IAM_BAD_SSH_KEY, "The specified public key is invalid.");
    }
    *ret_blob = str_of(blob, bytes);
    return OK;
}

static struct str fingerprint(struct call *c, struct str body)
{
    uint8_t sum[MD5_BYTES];
    char hex[2 * MD5_BYTES];
    char *text = arena_alloc(c->arena, sizeof(hex) + MD5_BYTES);
    struct str blob = STR_NONE;
    size_t bytes = 0;

    if (ssh_blob(c, body, &blob) != OK) {
        return STR_NONE;
    }
    md5(blob, sum);
    hex_encode(str_of(sum, sizeof(sum)), hex);
    for (size_t i = 0; i < sizeof(hex); i += 2) {
        if (i > 0) {
            text[bytes++] = ':';
        }
        text[bytes++] = hex[i];
        text[bytes++] = hex[i + 1];
    }
    return str_of(text, bytes);
}

static void show_ssh_key(struct call *c, struct value *out, const struct user *user,
                         const struct ssh_key *key)
{
    set_str(out, "UserName", user->principal.thing.name);
    set_str(out, "SSHPublicKeyId", key->id);
    set_str(out, "Status", key->active ? STR("Active") : STR("Inactive"));
    set_time(out, "UploadDate", key->uploaded_ms);
    (void)c;
}

/* UploadSSHPublicKey */
status iam_upload_ssh_key(struct call *c)
{
    struct str body = arg_str(c, "SSHPublicKeyBody");
    struct ssh_key *key;
    struct user *user;
    struct value *out;
    struct str blob;
    char id[ID_BYTES];

    TRY(user_of_call(c, &user));
    TRY(ssh_blob(c, body, &blob));
    for (size_t i = 0; i < user->ssh_key_count; i++) {
        if (str_eq(user->ssh_keys[i].body, body)) {
            return fail(c, &IAM_SAME_SSH_KEY, "The public key is already associated with the "
                        "specified user.");
        }
    }
    if (user->ssh_key_count == SSH_KEYS_MAX) {
        return fail(c, &IAM_LIMIT, "Cannot exceed quota for SSHPublicKeysPerUser: %d",
                    SSH_KEYS_MAX);
    }
    key = &user->ssh_keys[user->ssh_key_count++];
    fresh_id(c, "APKA", id);
    text_set(&key->id, str_of(id, ID_BYTES));
    text_set(&key->body, body);
    key->active = true;
    key->uploaded_ms = iam_now(c);
    out = put_struct(c, "SSHPublicKey");
    show_ssh_key(c, out, user, key);
    set_str(out, "Fingerprint", fingerprint(c, body));
    set_str(out, "SSHPublicKeyBody", key->body);
    return user_changed(c, user);
}

static status ssh_key_of_call(struct call *c, struct user **ret_user, struct ssh_key **ret_key)
{
    struct str id = arg_str(c, "SSHPublicKeyId");
    struct user *user;

    TRY(user_or_caller(c, &user));
    for (size_t i = 0; i < user->ssh_key_count; i++) {
        if (str_eq(user->ssh_keys[i].id, id)) {
            *ret_user = user;
            *ret_key = &user->ssh_keys[i];
            return OK;
        }
    }
    return fail(c, &IAM_NO_SUCH, "The Public Key with id %.*s cannot be found.", STR_ARG(id));
}

/* GetSSHPublicKey: in the form in which it came; weir makes no PEM of it. */
status iam_get_ssh_key(struct call *c)
{
    struct ssh_key *key;
    struct user *user;
    struct value *out;

    TRY(ssh_key_of_call(c, &user, &key));
    if (!str_eq(arg_str(c, "Encoding"), STR("SSH"))) {
        return fail(c, &IAM_SSH_ENCODING, "weir gives public keys in SSH's format only.");
    }
    out = put_struct(c, "SSHPublicKey");
    show_ssh_key(c, out, user, key);
    set_str(out, "Fingerprint", fingerprint(c, key->body));
    set_str(out, "SSHPublicKeyBody", key->body);
    return OK;
}

/* ListSSHPublicKeys */
status iam_list_ssh_keys(struct call *c)
{
    struct user *user;
    struct piece piece;

    TRY(user_or_caller(c, &user));
    TRY(piece_begin(c, "SSHPublicKeys", user->ssh_key_count, &piece));
    for (size_t i = 0; i < user->ssh_key_count; i++) {
        if (piece_takes(&piece, arena_printf(c->arena, "%zu", i + 1))) {
            show_ssh_key(c, list_add(c->arena, piece.list), user, &user->ssh_keys[i]);
        }
    }
    return OK;
}

/* UpdateSSHPublicKey */
status iam_update_ssh_key(struct call *c)
{
    struct ssh_key *key;
    struct user *user;

    TRY(ssh_key_of_call(c, &user, &key));
    key->active = str_eq(arg_str(c, "Status"), STR("Active"));
    return user_changed(c, user);
}

/* DeleteSSHPublicKey */
status iam_delete_ssh_key(struct call *c)
{
    struct ssh_key *key;
    struct user *user;
    size_t place;

    TRY(ssh_key_of_call(c, &user, &key));
    text_set(&key->id, STR_NONE);
    text_set(&key->body, STR_NONE);
    place = (size_t)(key - user->ssh_keys);
    user->ssh_key_count--;
    memmove(key, key + 1, (user->ssh_key_count - place) * sizeof(*key));
    user->ssh_keys[user->ssh_key_count] = (struct ssh_key){.active = false};
    return user_changed(c, user);
}
