/* SPDX-License-Identifier: Apache-2.0
 *
 * Minting, step by step; each step reads everything anew, since others come in between:
 *
 *     mint_begin ── PreTokenGeneration is set ──► trigger_ask ──► mint_answered
 *          │                                                          │
 *          └──────────────► mint_write: claims, keys ◄────────────────┘
 *                                │ worker: two signatures
 *                                ▼
 *                           mint_signed: rows are staged, then the caller goes on
 */
#include "svc/cognito/mint.h"

#include "base/digest.h"
#include "svc/cognito/issuer.h"
#include "wire/jwt.h"

#define WORK_BYTES_MAX (1u << 20)

status mint_load(struct call *c, const struct mint *mint, struct mint_now *ret_now)
{
    struct mint_now now = {.user = NULL};

    TRY(pool_find(c, mint->wish.pool, &now.pool));
    TRY(client_find(c, mint->wish.client, &now.client));
    if (mint->wish.sub.bytes > 0) {
        if (!user_of_sub(c, &now.pool, mint->wish.sub, &now.user)) {
            return fail(c, &COGNITO_NO_USER, "User does not exist.");
        }
        if (now.user->disabled) {
            return fail(c, &COGNITO_NOT_AUTHORIZED, "User is disabled.");
        }
    }
    *ret_now = now;
    return OK;
}

/* ---- the worker ---- */

/* Base64url of the left half of its SHA-256, OpenID Connect Core 1.0, 3.1.3.6. */
static struct str at_hash_of(struct str access, struct arena *arena)
{
    uint8_t sum[SHA256_BYTES];

    sha256(access, sum);
    return jwt_part_write(str_of(sum, sizeof(sum) / 2), arena);
}

static struct str sign_one(const struct pool_key *pool_key, struct str claims,
                           struct arena *arena)
{
    struct jwt_key *key = jwt_key_read(pool_key->private_der);
    struct str made = key == NULL ? STR_NONE : jwt_sign(key, pool_key->kid, claims, arena);

    jwt_key_free(key);
    return made;
}

static void mint_work(void *arg)
{
    struct mint *mint = arg;
    struct str claims = mint->id_claims;

    mint->access = sign_one(&mint->access_key, mint->access_claims, mint->arena);
    if (claims.bytes == 0 || mint->access.bytes == 0) {
        return;
    }
    if (mint->at_hash) {
        claims = arena_printf(mint->arena, "{\"at_hash\":\"%.*s\",%.*s",
                              STR_ARG(at_hash_of(mint->access, mint->arena)),
                              STR_ARG(str_slice(claims, 1, claims.bytes)));
    }
    mint->id = sign_one(&mint->id_key, claims, mint->arena);
}

/* ---- the end ---- */

static void stage_refresh(struct call *c, struct mint *mint)
{
    struct sign_in *sign_in = &mint->sign_in;
    struct refresh refresh;

    if (mint->refreshed.bytes > 0 && mint->refresh_made &&
        refresh_load(c, sign_in->pool, mint->refreshed, &refresh)) {
        refresh.retired_ms = mint->retired_ms;
        refresh_save(c, sign_in->pool, mint->refreshed, &refresh);
    }
    if (mint->refresh_made) {
        refresh = (struct refresh){sign_in->id, sign_in->refresh_until_ms, 0};
        refresh_save(c, sign_in->pool, mint->tokens.refresh, &refresh);
    }
}

static status mint_signed(struct call *c, void *arg)
{
    struct mint *mint = arg;
    struct str access = arena_dup(c->keep, mint->access);
    struct str id = arena_dup(c->keep, mint->id);
    struct mint_now now;

    arena_free(mint->arena);
    mint->arena = NULL;
    if (access.bytes == 0 || (mint->id_claims.bytes > 0 && id.bytes == 0)) {
        return fail(c, &ERR_IO, "The tokens could not be signed.");
    }
    TRY(mint_load(c, mint, &now));
    if (mint->refreshed.bytes > 0) {
        struct sign_in sign_in;
        struct refresh refresh;

        TRY(refresh_check(c, &now.client, mint->refreshed, &sign_in, &refresh));
    }
    mint->tokens.access = access;
    mint->tokens.id = id;
    pool_jwks_keep(c, &now.pool);
    if (now.user != NULL) {
        stage_refresh(c, mint);
        if (mint->refreshed.bytes == 0) {
            sign_in_save(c, &mint->sign_in);
        }
    }
    return mint->then.run(c, mint->then.arg);
}

/* ---- claims ---- */

static struct str uuid(struct call *c)
{
    char *text = arena_alloc(c->keep, 36);

    rand_uuid(c->rand, text);
    return str_of(text, 36);
}

/* ID tokens come without OAuth, or by openid. */
static bool wants_id(const struct mint *mint)
{
    return mint->wish.sub.bytes > 0 &&
           (!mint->sign_in.oauth || scopes_have(mint->sign_in.scopes, STR("openid")));
}

static struct str claims_text(struct call *c, const struct claims *claims)
{
    return arena_dup(c->keep, claims_write(claims));
}

static status write_claims(struct call *c, struct mint *mint, const struct mint_now *now,
                           struct claims_of *of)
{
    struct claims *claims = ARENA_NEW(c->arena, struct claims);

    claims->arena = c->arena;
    of->until_ms = c->now + client_validity_ms(&now->client, "AccessToken");
    of->jti = uuid(c);
    claims_access(of, claims);
    TRY(pre_token_claims(c, mint, false, claims));
    mint->access_claims = claims_text(c, claims);
    mint->tokens.expires_s = (of->until_ms - c->now) / 1000;
    if (wants_id(mint)) {
        claims->count = 0;
        of->until_ms = c->now + client_validity_ms(&now->client, "IdToken");
        of->jti = uuid(c);
        claims_id(of, claims);
        TRY(pre_token_claims(c, mint, true, claims));
        mint->id_claims = claims_text(c, claims);
    }
    if (mint->access_claims.bytes == 0 || (wants_id(mint) && mint->id_claims.bytes == 0)) {
        return fail(c, &COGNITO_INVALID, "The tokens are too large.");
    }
    return OK;
}

static void keep_keys(struct call *c, const struct pool *pool, struct mint *mint)
{
    struct pool_key keys[POOL_KEYS];
    struct pool_key *kept[POOL_KEYS] = {&mint->id_key, &mint->access_key};

    pool_keys(c, pool, keys);
    for (size_t i = 0; i < POOL_KEYS; i++) {
        kept[i]->kid = arena_dup(c->keep, keys[i].kid);
        kept[i]->private_der = arena_dup(c->keep, keys[i].private_der);
    }
}

static status mint_write(struct call *c, struct mint *mint, const struct mint_now *now)
{
    struct scope_list *scopes = ARENA_NEW(c->arena, struct scope_list);
    struct group_claims *groups = ARENA_NEW(c->arena, struct group_claims);
    struct str asked = now->user == NULL ? mint->wish.scopes
                       : mint->sign_in.oauth ? mint->sign_in.scopes
                                             : STR(SCOPE_API);
    struct claims_of of = {.client = &now->client, .user = now->user,
                           .sign_in = now->user == NULL ? NULL : &mint->sign_in,
                           .groups = groups, .issuer = mint->wish.issuer,
                           .nonce = mint->wish.nonce, .now_ms = c->now};

    if (now->user != NULL) {
        group_claims_of(c, now->user, groups);
    }
    scopes_read(asked, scopes);
    TRY(pre_token_groups(c, mint, groups));
    TRY(pre_token_scopes(c, mint, scopes));
    of.scopes = scopes_write(scopes, c->arena);
    TRY(write_claims(c, mint, now, &of));
    mint->tokens.scopes = arena_dup(c->keep, of.scopes);
    mint->at_hash = mint->sign_in.oauth;
    keep_keys(c, &now->pool, mint);
    mint->arena = arena_new(WORK_BYTES_MAX);
    later_work(c, mint_work, mint, (struct later){mint_signed, mint});
    return OK;
}

/* ---- the beginning ---- */

static status mint_answered(struct call *c, void *arg)
{
    struct mint *mint = arg;
    struct mint_now now;

    TRY(mint_load(c, mint, &now));
    return mint_write(c, mint, &now);
}

static void sign_in_begin(struct call *c, struct mint *mint, const struct mint_now *now)
{
    struct sign_in *sign_in = &mint->sign_in;
    const struct token_wish *wish = &mint->wish;

    *sign_in = (struct sign_in){.pool = wish->pool, .id = uuid(c), .sub = wish->sub,
                                .client = wish->client, .origin_jti = uuid(c),
                                .scopes = wish->scopes, .oauth = wish->scopes.bytes > 0,
                                .at_ms = wish->signed_in_ms > 0 ? wish->signed_in_ms : c->now,
                                .signed_out_ms = now->user->signed_out_ms};
    if (!wish->no_refresh) {
        sign_in->refresh_until_ms = c->now + client_validity_ms(&now->client, "RefreshToken");
        mint->tokens.refresh = arena_dup(c->keep, refresh_make(c));
        mint->refresh_made = true;
    }
}

static status mint_begin(struct call *c, void *arg)
{
    struct mint *mint = arg;
    struct mint_now now;

    TRY(mint_load(c, mint, &now));
    if (mint->wish.issuer.bytes == 0) {
        mint->wish.issuer = arena_dup(c->keep, token_issuer(c, &now.pool));
    }
    if (now.user != NULL && mint->refreshed.bytes == 0) {
        sign_in_begin(c, mint, &now);
    }
    if (pre_token_set(&now.pool, mint)) {
        pre_token_ask(c, &now, mint);
        return trigger_ask(c, &mint->trigger, (struct later){mint_answered, mint});
    }
    return mint_write(c, mint, &now);
}

/* Begins, in a step of its own when this one has changed something already: what fails later must
 * have staged nothing. */
static status mint_go(struct call *c, struct mint *mint)
{
    if (txn_empty(c->txn)) {
        return mint_begin(c, mint);
    }
    later_now(c, (struct later){mint_begin, mint});
    return OK;
}

static struct mint *mint_new(struct call *c, const struct token_wish *wish, struct later then)
{
    struct mint *mint = ARENA_NEW(c->keep, struct mint);

    mint->wish = *wish;
    mint->wish.pool = arena_dup(c->keep, wish->pool);
    mint->wish.client = arena_dup(c->keep, wish->client);
    mint->wish.sub = arena_dup(c->keep, wish->sub);
    mint->wish.scopes = arena_dup(c->keep, wish->scopes);
    mint->wish.nonce = arena_dup(c->keep, wish->nonce);
    mint->wish.issuer = arena_dup(c->keep, wish->issuer);
    mint->then = then;
    return mint;
}

status tokens_mint(struct call *c, const struct token_wish *wish, struct later then,
                   struct tokens **ret_tokens)
{
    struct mint *mint = mint_new(c, wish, then);

    *ret_tokens = &mint->tokens;
    return mint_go(c, mint);
}

/* ---- refreshing ---- */

/* RefreshTokenRotation: ENABLED, and how long the old one is good. */
static bool rotates(const struct client *client, int64_t *ret_grace_ms)
{
    const struct value *rotation = get(client->about, "RefreshTokenRotation");

    if (rotation == NULL || !str_eq(get_str(rotation, "Feature"), STR("ENABLED"))) {
        return false;
    }
    *ret_grace_ms = get_int(rotation, "RetryGracePeriodSeconds", 0) * MS_PER_SECOND;
    return true;
}

status tokens_refresh(struct call *c, const struct refresh_wish *wish, struct later then,
                      struct tokens **ret_tokens)
{
    struct token_wish mint_wish = {.pool = wish->client->pool, .client = wish->client->id,
                                   .source = "TokenGeneration_RefreshTokens",
                                   .metadata = wish->metadata, .issuer = wish->issuer};
    struct sign_in sign_in;
    struct refresh refresh;
    struct mint *mint;
    int64_t grace_ms;

    TRY(refresh_check(c, wish->client, wish->token, &sign_in, &refresh));
    mint_wish.sub = sign_in.sub;
    mint = mint_new(c, &mint_wish, then);
    mint->refreshed = arena_dup(c->keep, wish->token);
    mint->sign_in = sign_in;
    mint->sign_in.pool = mint->wish.pool;
    mint->sign_in.sub = mint->wish.sub;
    mint->sign_in.client = mint->wish.client;
    mint->sign_in.id = arena_dup(c->keep, sign_in.id);
    mint->sign_in.origin_jti = arena_dup(c->keep, sign_in.origin_jti);
    mint->sign_in.scopes = arena_dup(c->keep, sign_in.scopes);
    if (rotates(wish->client, &grace_ms)) {
        mint->refresh_made = true;
        mint->tokens.refresh = arena_dup(c->keep, refresh_make(c));
        mint->retired_ms = refresh.retired_ms > 0 ? refresh.retired_ms : c->now + grace_ms;
    }
    *ret_tokens = &mint->tokens;
    return mint_go(c, mint);
}
