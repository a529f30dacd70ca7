/* SPDX-License-Identifier: Apache-2.0
 *
 * Intrusive doubly linked list: a ring through a head. A link that is in no list points at itself.
 */
#ifndef WEIR_BASE_LIST_H
#define WEIR_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *next; /* towards the end; the head's is the first */
    struct link *prev; /* towards the front; the head's is the last */
};

#define LINK_OWNER(link_at, type, member)                                                          \
    ((type *)(void *)((char *)(link_at) - offsetof(type, member)))

static inline void link_init(struct link *link)
{
    link->next = link->prev = link;
}

static inline bool link_alone(const struct link *link)
{
    return link->next == link;
}

static inline void list_push(struct link *head, struct link *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

static inline void link_remove(struct link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link_init(link);
}

#endif
