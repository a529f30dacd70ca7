/* SPDX-License-Identifier: Apache-2.0
 *
 * Places of events, and how they are written: "f/" or "b/" and 56 digits, which look like AWS's. In
 * a token: 20 of the time, 20 of the sequence, 16 of the index. In an event's id: 13 of the time,
 * 12 of the group, 16 of the sequence, 15 of the index.
 */
#include "svc/logs/event.h"

#define TOKEN_DIGITS 56

int place_cmp(struct place a, struct place b)
{
    if (a.ms != b.ms) {
        return a.ms < b.ms ? -1 : 1;
    }
    if (a.sequence != b.sequence) {
        return a.sequence < b.sequence ? -1 : 1;
    }
    return a.index == b.index ? 0 : a.index < b.index ? -1 : 1;
}

struct place place_after(struct place place)
{
    place.index++;
    return place;
}

struct str place_token(struct call *c, bool backwards, struct place place)
{
    return arena_printf(c->arena, "%c/%020lld%020llu%016llu", backwards ? 'b' : 'f',
                        (long long)place.ms, (unsigned long long)place.sequence,
                        (unsigned long long)place.index);
}

static bool digits_read(struct str text, size_t from, size_t count, uint64_t *ret_number)
{
    uint64_t number = 0;

    for (size_t i = from; i < from + count; i++) {
        uint64_t digit = (uint64_t)(text.at[i] - '0');

        if (text.at[i] < '0' || text.at[i] > '9' || number > (INT64_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *ret_number = number;
    return true;
}

bool place_read(struct str token, bool *ret_backwards, struct place *ret_place)
{
    uint64_t ms, sequence, index;

    if (token.bytes != TOKEN_DIGITS + 2 || token.at[1] != '/' ||
        (token.at[0] != 'f' && token.at[0] != 'b') || !digits_read(token, 2, 20, &ms) ||
        !digits_read(token, 22, 20, &sequence) || !digits_read(token, 42, 16, &index)) {
        return false;
    }
    *ret_backwards = token.at[0] == 'b';
    *ret_place = (struct place){(int64_t)ms, sequence, index};
    return true;
}

struct str event_id(struct call *c, const struct group *group, struct place place)
{
    return arena_printf(c->arena, "%013lld%012llu%016llu%015llu", (long long)place.ms,
                        (unsigned long long)group->log, (unsigned long long)place.sequence,
                        (unsigned long long)place.index);
}

bool event_id_read(struct str id, uint64_t *ret_group, struct place *ret_place)
{
    uint64_t ms, group, sequence, index;

    if (id.bytes != TOKEN_DIGITS || !digits_read(id, 0, 13, &ms) ||
        !digits_read(id, 13, 12, &group) || !digits_read(id, 25, 16, &sequence) ||
        !digits_read(id, 41, 15, &index)) {
        return false;
    }
    *ret_group = group;
    *ret_place = (struct place){(int64_t)ms, sequence, index};
    return true;
}
