/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose host is that? A map with a lock of its own: the door asks outside the cell.
 */
#include "cell/host.h"

#include "base/mem.h"
#include "cell/cell_int.h"
#include "cell/doing.h"

#include <assert.h>

#define HOST_BYTES_MAX 255

struct claim {
    const char *service;      /* id of whose it is */
    const struct page *page;  /* what answers */
    struct str certificate;   /* its ARN; owned; STR_NONE: none */
};

static void claim_free(struct claim *claim)
{
    if (claim != NULL) {
        mem_free((char *)(uintptr_t)claim->certificate.at);
        mem_free(claim);
    }
}

/* Nobody may take weir's own addresses away from it. */
static bool may_be_claimed(struct str host)
{
    size_t dot = 0;

    for (size_t i = 0; i < host.bytes; i++) {
        dot = host.at[i] == '.' ? i : dot;
    }
    return dot > 0 && dot + 1 < host.bytes && !str_eq(host, STR("*.localhost")) &&
           !str_ends(host, STR(".amazonaws.com")) &&
           !(host.at[dot + 1] >= '0' && host.at[dot + 1] <= '9');
}

status cell_host_claim(struct cell *cell, struct str host, const char *service,
                       const struct page *page)
{
    struct hosts *hosts = &cell->hosts;
    struct claim *claim = MEM_NEW(struct claim);
    void *former = NULL;
    bool set;

    if (!may_be_claimed(host)) {
        mem_free(claim);
        return &ERR_MALFORMED;
    }
    *claim = (struct claim){service, page, STR_NONE};
    lock_take(&hosts->lock);
    set = map_set(hosts->map, host, claim, &former);
    __atomic_store_n(&hosts->count, map_count(hosts->map), __ATOMIC_RELEASE);
    lock_give(&hosts->lock);
    claim_free(set ? former : claim);
    return set ? OK : &ERR_LIMIT;
}

void cell_host_leave(struct cell *cell, struct str host)
{
    struct hosts *hosts = &cell->hosts;

    lock_take(&hosts->lock);
    claim_free(map_remove(hosts->map, host));
    __atomic_store_n(&hosts->count, map_count(hosts->map), __ATOMIC_RELEASE);
    lock_give(&hosts->lock);
}

void hosts_init(struct hosts *hosts)
{
    lock_init(&hosts->lock);
    hosts->map = map_new(HOSTS_MAX);
    hosts->count = 0;
}

void hosts_done(struct hosts *hosts)
{
    size_t position = 0;
    struct str host;
    void *claim;

    while (map_next(hosts->map, &position, &host, &claim)) {
        claim_free(claim);
    }
    map_free(hosts->map);
    lock_done(&hosts->lock);
}

/* Lower case, without a port. */
static struct str plain(struct str authority, char room[HOST_BYTES_MAX])
{
    struct str host = str_slice(authority, 0, str_find(authority, ':', 0));

    if (host.bytes == 0 || host.bytes > HOST_BYTES_MAX) {
        return STR_NONE;
    }
    for (size_t i = 0; i < host.bytes; i++) {
        char c = host.at[i];

        room[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    return str_of(room, host.bytes);
}

static const struct claim *look(const struct hosts *hosts, struct str host, char *room)
{
    const struct claim *claim = map_get(hosts->map, host);
    size_t dot = str_find(host, '.', 0);

    if (claim != NULL || dot == 0 || dot == host.bytes) {
        return claim;
    }
    room[dot - 1] = '*';
    return map_get(hosts->map, str_slice(host, dot - 1, host.bytes));
}

const struct page *hosts_page(struct hosts *hosts, struct str authority, const char **ret_service)
{
    char room[HOST_BYTES_MAX];
    const struct page *page = NULL;
    const struct claim *claim;
    struct str host;

    if (__atomic_load_n(&hosts->count, __ATOMIC_ACQUIRE) == 0) {
        return NULL;
    }
    host = plain(authority, room);
    lock_take(&hosts->lock);
    claim = host.bytes == 0 ? NULL : look(hosts, host, room);
    if (claim != NULL) {
        page = claim->page;
        *ret_service = claim->service;
    }
    lock_give(&hosts->lock);
    return page;
}

/* ---- certificates ---- */

void cell_host_certificate(struct cell *cell, struct str host, struct str arn)
{
    struct hosts *hosts = &cell->hosts;
    struct claim *claim;

    lock_take(&hosts->lock);
    claim = map_get(hosts->map, host);
    if (claim != NULL) {
        mem_free((char *)(uintptr_t)claim->certificate.at);
        claim->certificate = arn.bytes == 0 ? STR_NONE
                                            : str_of(mem_dup(arn.at, arn.bytes), arn.bytes);
    }
    lock_give(&hosts->lock);
}

void certificate_owner_set(struct cell *cell, const struct certificate_owner *owner)
{
    assert(cell->hosts.owner == NULL);
    cell->hosts.owner = owner;
}

/* What is asked for in the cell. */
struct pem_wish {
    const struct certificate_owner *owner;
    struct str arn;          /* of the certificate */
    struct str account, region; /* its */
    struct buf *pem;         /* gets it */
    bool found;              /* it did */
};

static status pem_step(struct call *c, void *arg)
{
    struct pem_wish *wish = arg;

    wish->found = wish->owner->pem(c, wish->arn, wish->pem);
    return OK;
}

static void pem_visit(struct cell *cell, void *arg)
{
    struct pem_wish *wish = arg;
    struct doing doing = {wish->owner->service, "ReadCertificate", wish->account, wish->region,
                          pem_step, wish};
    struct arena *arena = arena_new(1u << 20);
    struct why why;

    (void)cell_step(cell, &doing, arena, &why);
    arena_free(arena);
}

bool cell_host_pem(struct cell *cell, struct str host, struct buf *pem)
{
    struct hosts *hosts = &cell->hosts;
    struct pem_wish wish = {.owner = hosts->owner, .pem = pem};
    struct arena *arena;
    char room[HOST_BYTES_MAX];
    const struct claim *claim;
    struct arn arn;

    if (wish.owner == NULL || __atomic_load_n(&hosts->count, __ATOMIC_ACQUIRE) == 0) {
        return false;
    }
    arena = arena_new(1u << 16);
    host = plain(host, room);
    lock_take(&hosts->lock);
    claim = host.bytes == 0 ? NULL : look(hosts, host, room);
    wish.arn = claim == NULL ? STR_NONE : arena_dup(arena, claim->certificate);
    lock_give(&hosts->lock);
    if (wish.arn.bytes > 0 && arn_read(wish.arn, &arn)) {
        wish.account = arn.account;
        wish.region = arn.region;
        cell_visit(cell, pem_visit, &wish);
    }
    arena_free(arena);
    return wish.found;
}
