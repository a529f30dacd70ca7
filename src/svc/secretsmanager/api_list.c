/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of secrets: filters, order, pages. A page's token is the place of its last secret in the
 * order, so it stays good when secrets come and go.
 */
#include "base/mem.h"
#include "svc/secretsmanager/secretsmanager_ops.h"

#include <stdlib.h>

/* ---- filters ---- */

static bool starts(struct str text, struct str prefix, bool nocase)
{
    return nocase ? str_starts_nocase(text, prefix) : str_starts(text, prefix);
}

static bool tag_starts(const struct secret *secret, const char *member, struct str prefix)
{
    const struct value *tags = get(secret->about, "Tags");

    for (uint32_t i = 0; tags != NULL && i < tags->count; i++) {
        if (str_starts(get_str(&tags->items[i], member), prefix)) {
            return true;
        }
    }
    return false;
}

static bool contains_nocase(struct str text, struct str part)
{
    for (size_t i = 0; i + part.bytes <= text.bytes; i++) {
        if (str_starts_nocase(str_slice(text, i, text.bytes), part)) {
            return true;
        }
    }
    return false;
}

static bool word_found(const struct secret *secret, struct str word)
{
    const struct value *tags = get(secret->about, "Tags");
    bool found = contains_nocase(secret->name, word) ||
                 contains_nocase(get_str(secret->about, "Description"), word);

    for (uint32_t i = 0; tags != NULL && i < tags->count && !found; i++) {
        found = contains_nocase(get_str(&tags->items[i], "Key"), word) ||
                contains_nocase(get_str(&tags->items[i], "Value"), word);
    }
    return found;
}

/* "all": every word of the value is somewhere. */
static bool words_found(const struct secret *secret, struct str text)
{
    while (text.at != NULL) {
        struct str word = str_split(&text, ' ');

        if (word.bytes > 0 && !word_found(secret, word)) {
            return false;
        }
    }
    return true;
}

static bool value_matches(const struct secret *secret, struct str key, struct str value)
{
    bool negated = value.bytes > 0 && value.at[0] == '!';
    struct str prefix = str_slice(value, negated ? 1 : 0, value.bytes);
    bool found;

    if (str_eq(key, STR("name"))) {
        found = starts(secret->name, prefix, false);
    } else if (str_eq(key, STR("description"))) {
        found = starts(get_str(secret->about, "Description"), prefix, true);
    } else if (str_eq(key, STR("tag-key"))) {
        found = tag_starts(secret, "Key", prefix);
    } else if (str_eq(key, STR("tag-value"))) {
        found = tag_starts(secret, "Value", prefix);
    } else if (str_eq(key, STR("primary-region"))) {
        found = has(secret->about, "PrimaryRegion") &&
                starts(get_str(secret->about, "PrimaryRegion"), prefix, false);
    } else if (str_eq(key, STR("owning-service"))) {
        found = has(secret->about, "OwningService") &&
                starts(get_str(secret->about, "OwningService"), prefix, false);
    } else {
        found = words_found(secret, prefix);
    }
    return found != negated;
}

static bool matches(const struct secret *secret, const struct value *filters)
{
    for (uint32_t i = 0; filters != NULL && i < filters->count; i++) {
        const struct value *values = get(&filters->items[i], "Values");
        bool any = false;

        for (uint32_t k = 0; values != NULL && k < values->count && !any; k++) {
            any = value_matches(secret, get_str(&filters->items[i], "Key"), values->items[k].str);
        }
        if (!any) {
            return false;
        }
    }
    return true;
}

/* ---- order ---- */

struct placed {
    struct str place;      /* sorts as wanted */
    struct secret secret;  /* which */
};

static struct str place_of(struct call *c, const struct secret *secret)
{
    struct str by = arg(c, "SortBy") != NULL ? arg_str(c, "SortBy") : STR("created-date");
    const char *member = str_eq(by, STR("created-date")) ? "CreatedDate"
                         : str_eq(by, STR("last-changed-date")) ? "LastChangedDate"
                                                                : "LastAccessedDate";

    if (str_eq(by, STR("name"))) {
        return secret->name;
    }
    return arena_printf(c->arena, "%016llx %.*s",
                        (unsigned long long)get_time(secret->about, member, 0),
                        STR_ARG(secret->name));
}

static int compare_up(const void *a, const void *b)
{
    return str_cmp(((const struct placed *)a)->place, ((const struct placed *)b)->place);
}

static int compare_down(const void *a, const void *b)
{
    return compare_up(b, a);
}

static bool is_descending(struct call *c)
{
    return !str_eq(arg_str(c, "SortOrder"), STR("asc"));
}

/* All that fit, in order. */
static size_t gather(struct call *c, const struct value *filters, bool planned, bool ordered,
                     struct placed **ret_placed)
{
    struct txn_scan *scan = secrets_scan(c);
    struct placed *placed = NULL;
    size_t count = 0, room = 0;
    struct secret secret;

    while (secrets_next(c, scan, &secret)) {
        if ((has(secret.about, "DeletedDate") && !planned) || !matches(&secret, filters)) {
            continue;
        }
        if (count == room) {
            size_t more = room == 0 ? 64 : 2 * room;
            struct placed *grown = arena_alloc(c->arena, more * sizeof(*grown));

            if (count > 0) {
                memcpy(grown, placed, count * sizeof(*grown));
            }
            placed = grown;
            room = more;
        }
        placed[count++] =
            (struct placed){ordered ? place_of(c, &secret) : secret.name, secret};
    }
    if (count > 1) {
        qsort(placed, count, sizeof(*placed),
              ordered && is_descending(c) ? compare_down : compare_up);
    }
    *ret_placed = placed;
    return count;
}

status secrets_page_check(struct call *c)
{
    struct str place;

    if (arg_has(c, "NextToken") && !page_token_read(c->arena, arg_str(c, "NextToken"), &place)) {
        return fail(c, &SECRETS_TOKEN, "The NextToken value is invalid.");
    }
    return OK;
}

static bool is_behind(struct call *c, const struct placed *placed, bool descending)
{
    struct str after;
    int order;

    if (!arg_has(c, "NextToken") ||
        !page_token_read(c->arena, arg_str(c, "NextToken"), &after)) {
        return true;
    }
    order = str_cmp(placed->place, after);
    return descending ? order < 0 : order > 0;
}

size_t secrets_filtered(struct call *c, struct secret **ret_secrets, size_t count_max)
{
    struct placed *placed;
    size_t all = gather(c, arg(c, "Filters"), false, false, &placed);
    struct secret *secrets = arena_alloc(c->arena, (count_max + 1) * sizeof(*secrets));
    size_t count = 0;

    for (size_t i = 0; i < all; i++) {
        if (!is_behind(c, &placed[i], false)) {
            continue;
        }
        if (count == count_max) {
            put_str(c, "NextToken", page_token(c->arena, placed[i - 1].place));
            break;
        }
        secrets[count++] = placed[i].secret;
    }
    *ret_secrets = secrets;
    return count;
}

/* ListSecrets */
status secrets_list(struct call *c)
{
    size_t count_max = (size_t)arg_int(c, "MaxResults", SECRETS_PAGE);
    struct placed *placed;
    struct value *list;
    size_t count;

    TRY(secrets_page_check(c));
    count = gather(c, arg(c, "Filters"), arg_bool(c, "IncludePlannedDeletion", false), true,
                   &placed);
    list = put_list(c, "SecretList", count_max);
    for (size_t i = 0; i < count; i++) {
        struct value *entry;

        if (!is_behind(c, &placed[i], is_descending(c))) {
            continue;
        }
        if (list->count == count_max) {
            put_str(c, "NextToken", page_token(c->arena, placed[i - 1].place));
            break;
        }
        entry = list_add(c->arena, list);
        set_members(c->arena, entry, placed[i].secret.about);
        if (has(placed[i].secret.about, "VersionIdsToStages")) {
            set_value(entry, "SecretVersionsToStages",
                      get(placed[i].secret.about, "VersionIdsToStages"));
        }
    }
    return OK;
}
