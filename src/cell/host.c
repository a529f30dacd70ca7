/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose host is that? A map with a lock of its own: the door asks outside the cell.
 */
#include "cell/host.h"

#include "base/mem.h"
#include "cell/cell_int.h"

#define HOST_BYTES_MAX 255

struct claim {
    const char *service;      /* id of whose it is */
    const struct page *page;  /* what answers */
};

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
    *claim = (struct claim){service, page};
    lock_take(&hosts->lock);
    set = map_set(hosts->map, host, claim, &former);
    __atomic_store_n(&hosts->count, map_count(hosts->map), __ATOMIC_RELEASE);
    lock_give(&hosts->lock);
    mem_free(set ? former : claim);
    return set ? OK : &ERR_LIMIT;
}

void cell_host_leave(struct cell *cell, struct str host)
{
    struct hosts *hosts = &cell->hosts;

    lock_take(&hosts->lock);
    mem_free(map_remove(hosts->map, host));
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
        mem_free(claim);
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
