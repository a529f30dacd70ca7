/* SPDX-License-Identifier: Apache-2.0
 *
 * What was decided lately, and why: two rings in memory, of what was allowed and of what was not.
 *
 * A row, for this process only: zigzag moment; str request id, caller, what has its policies,
 * action, resource; u8 allowed, denied, part, across; str policy, sid; var statement + 1; str
 * otherwise; u8 said by each part; var policies, u8 part and str name each.
 */
#include "cell/authorize_int.h"

#include "base/cursor.h"
#include "base/mem.h"
#include "base/time.h"
#include "wire/json.h"

#include <assert.h>

#define NAMES_BYTES_MAX 1024  /* of one name */
#define SHORT_BYTES_MAX 80    /* of one, where all together are too long */
#define POLICIES_MAX 40       /* named in a row */
#define SHORT_POLICIES_MAX 5  /* the same, where it is too long */

void decisions_forget(struct decision_log *log)
{
    mem_free(log->rows);
    log->rows = NULL;
}

/* ---- noting ---- */

/* A row being written, into its place in the ring. */
struct row_writing {
    struct buf out;        /* over the place; never grows */
    size_t name_bytes_max; /* longer names are cut */
    size_t policies_max;   /* named */
};

static void write_name(struct row_writing *row, struct str name)
{
    write_str(&row->out, str_slice(name, 0, row->name_bytes_max));
}

static void write_looked(struct row_writing *row, const struct asked *asked)
{
    size_t count = 0;

    for (size_t part = 0; part < PART_COUNT; part++) {
        count += asked->sets[part].count;
    }
    count = count < row->policies_max ? count : row->policies_max;
    write_var(&row->out, count);
    for (size_t part = 0; part < PART_COUNT; part++) {
        for (size_t i = 0; i < asked->sets[part].count && count > 0; i++, count--) {
            write_u8(&row->out, (uint8_t)part);
            write_name(row, asked->sets[part].policies[i].name);
        }
    }
}

static void write_row(struct row_writing *row, const struct asked *asked,
                      const struct policy_decision *decision, const char *otherwise)
{
    const struct policy_request *request = &asked->request;
    const struct policy_principal *principal = &request->principal;
    bool named = decision->policy != NULL;

    write_zigzag(&row->out, asked->c->now);
    write_name(row, asked->c->request_id);
    write_name(row, principal->arn.bytes > 0 ? principal->arn : principal->name);
    write_name(row, principal->source);
    write_name(row, request->action);
    write_name(row, request->resource);
    write_u8(&row->out, decision->allowed);
    write_u8(&row->out, decision->denied);
    write_u8(&row->out, (uint8_t)decision->part);
    write_u8(&row->out, decision->across);
    write_name(row, named ? decision->policy->name : STR_NONE);
    write_name(row, named ? policy_place(decision->policy->policy, decision->statement).sid
                          : STR_NONE);
    write_var(&row->out, named ? decision->statement + 1 : 0);
    write_name(row, otherwise == NULL ? STR_NONE : str_c(otherwise));
    for (size_t i = 0; i < PART_COUNT; i++) {
        write_u8(&row->out, (uint8_t)(decision->said[i] << 1 | asked->sets[i].present));
    }
    write_looked(row, asked);
}

void decision_note(const struct asked *asked, const struct policy_decision *decision,
                   const char *otherwise)
{
    struct authorize *authorize = asked->c->cell->authorize;
    struct decision_log *log = decision->allowed ? &authorize->allowed : &authorize->denied;
    struct row_writing row = {.name_bytes_max = NAMES_BYTES_MAX, .policies_max = POLICIES_MAX};
    char *place;

    if (log->rows == NULL) {
        log->rows = mem_zero(log->room * DECISION_BYTES_MAX);
    }
    place = log->rows + log->count++ % log->room * DECISION_BYTES_MAX;
    row.out = (struct buf){place, 0, DECISION_BYTES_MAX, DECISION_BYTES_MAX, false};
    write_row(&row, asked, decision, otherwise);
    if (buf_spent(&row.out)) {
        row.name_bytes_max = SHORT_BYTES_MAX;
        row.policies_max = SHORT_POLICIES_MAX;
        row.out = (struct buf){place, 0, DECISION_BYTES_MAX, DECISION_BYTES_MAX, false};
        write_row(&row, asked, decision, otherwise);
        assert(!buf_spent(&row.out));
    }
}

/* ---- showing ---- */

struct decision_row {
    int64_t at_ms;                         /* when */
    struct str request, caller, source;    /* id of the call; who, and whose policies he has */
    struct str action, resource;           /* what was asked */
    bool allowed, denied, across;          /* as in the decision */
    enum policy_part part;                 /* the same */
    struct str policy, sid;                /* that decided; empty: none */
    uint64_t statement;                    /* of it, from 1; 0: none */
    struct str otherwise;                  /* what else decided */
    enum policy_said said[PART_COUNT];     /* by each part */
    bool present[PART_COUNT];              /* the part counts */
    struct cursor looked;                  /* the policies */
};

static void read_row(struct str bytes, struct decision_row *row)
{
    struct cursor cursor = cursor_of(bytes);

    row->at_ms = read_zigzag(&cursor);
    row->request = read_str(&cursor);
    row->caller = read_str(&cursor);
    row->source = read_str(&cursor);
    row->action = read_str(&cursor);
    row->resource = read_str(&cursor);
    row->allowed = read_u8(&cursor) != 0;
    row->denied = read_u8(&cursor) != 0;
    row->part = (enum policy_part)read_u8(&cursor);
    row->across = read_u8(&cursor) != 0;
    row->policy = read_str(&cursor);
    row->sid = read_str(&cursor);
    row->statement = read_var(&cursor);
    row->otherwise = read_str(&cursor);
    for (size_t i = 0; i < PART_COUNT; i++) {
        uint8_t said = read_u8(&cursor);

        row->said[i] = (enum policy_said)(said >> 1);
        row->present[i] = (said & 1) != 0;
    }
    row->looked = cursor;
    assert(cursor_ok(&cursor));
}

static const char *const parts[PART_COUNT] = {
    [PART_IDENTITY] = "identity", [PART_RESOURCE] = "resource", [PART_BOUNDARY] = "boundary",
    [PART_SESSION] = "session",
};

static void member(struct buf *out, const char *name, struct str value)
{
    buf_printf(out, ",\"%s\":", name);
    json_write_str(out, value);
}

static struct str caller_name(const struct decision_row *row)
{
    return row->caller.bytes > 0 ? row->caller : STR("nobody (unsigned)");
}

/* Why it came out so. */
static void reason_text(const struct decision_row *row, struct buf *out)
{
    static const char *const whose[PART_COUNT] = {
        [PART_IDENTITY] = "identity-based policy", [PART_RESOURCE] = "the resource's policy",
        [PART_BOUNDARY] = "permissions boundary", [PART_SESSION] = "session policy",
    };

    if (row->otherwise.bytes > 0) {
        buf_printf(out, "%s by %.*s", row->allowed ? "allowed" : "refused",
                   STR_ARG(row->otherwise));
    } else if (row->denied) {
        buf_printf(out, "explicitly denied by statement %llu of %s %.*s",
                   (unsigned long long)row->statement, whose[row->part], STR_ARG(row->policy));
    } else if (row->allowed && row->statement > 0) {
        buf_printf(out, "allowed by statement %llu of %s %.*s",
                   (unsigned long long)row->statement, whose[row->part], STR_ARG(row->policy));
    } else if (row->allowed) {
        buf_add(out, STR("the root of an account may do what nothing denies"));
    } else {
        buf_printf(out, "no %s allows it",
                   row->part == PART_RESOURCE ? "policy of the resource" : whose[row->part]);
    }
}

/* What would have to be different. */
static void needed_text(const struct decision_row *row, struct buf *out)
{
    struct str who = row->source.bytes > 0 ? row->source : caller_name(row);

    if (row->denied) {
        buf_printf(out, "Statement %llu of %.*s must no longer deny %.*s on %.*s to %.*s.",
                   (unsigned long long)row->statement, STR_ARG(row->policy), STR_ARG(row->action),
                   STR_ARG(row->resource), STR_ARG(who));
        return;
    }
    switch (row->part) {
    case PART_RESOURCE:
        buf_printf(out, "The policy of %.*s must allow %.*s to %.*s.", STR_ARG(row->resource),
                   STR_ARG(row->action), STR_ARG(caller_name(row)));
        break;
    case PART_BOUNDARY:
        buf_printf(out, "The permissions boundary of %.*s must allow %.*s on %.*s, too.",
                   STR_ARG(who), STR_ARG(row->action), STR_ARG(row->resource));
        break;
    case PART_SESSION:
        buf_printf(out, "The policies that the session was opened with must allow %.*s on %.*s, "
                        "too.", STR_ARG(row->action), STR_ARG(row->resource));
        break;
    default:
        buf_printf(out, "A policy of %.*s must allow %.*s on %.*s%s.", STR_ARG(who),
                   STR_ARG(row->action), STR_ARG(row->resource),
                   row->across ? ", and the policy of the resource, which is another account's"
                               : ", or the policy of the resource must name the caller");
    }
}

static void sentence(struct buf *out, const char *name, const struct decision_row *row,
                     void (*say)(const struct decision_row *row, struct buf *out))
{
    struct buf text;

    buf_init(&text, 16384);
    say(row, &text);
    member(out, name, buf_str(&text));
    buf_done(&text);
}

static void looked_text(const struct decision_row *row, struct buf *out)
{
    struct cursor cursor = row->looked;
    uint64_t count = read_var(&cursor);

    buf_add(out, STR(",\"policies\":["));
    for (uint64_t i = 0; i < count; i++) {
        uint8_t part = read_u8(&cursor);

        assert(part < PART_COUNT);
        buf_printf(out, "%s{\"kind\":\"%s\"", i == 0 ? "" : ",", parts[part]);
        member(out, "name", read_str(&cursor));
        buf_add_c(out, '}');
    }
    buf_add(out, STR("],\"said\":{"));
    for (size_t i = 0; i < PART_COUNT; i++) {
        static const char *const words[] = {"nothing", "allow", "deny"};

        buf_printf(out, "%s\"%s\":\"%s\"", i == 0 ? "" : ",", parts[i],
                   row->present[i] ? words[row->said[i]] : "none");
    }
    buf_add_c(out, '}');
}

static void row_text(const struct decision_row *row, struct buf *out)
{
    buf_add(out, STR("{\"time\":\""));
    buf_add_iso(out, row->at_ms);
    buf_printf(out, "\",\"outcome\":\"%s\"", row->allowed ? "ALLOW" : "DENY");
    member(out, "request", row->request);
    member(out, "caller", caller_name(row));
    member(out, "action", row->action);
    member(out, "resource", row->resource);
    sentence(out, "reason", row, reason_text);
    if (row->statement > 0) {
        member(out, "policy", row->policy);
        member(out, "sid", row->sid);
        buf_printf(out, ",\"statement\":%llu", (unsigned long long)row->statement);
    }
    looked_text(row, out);
    if (!row->allowed && row->otherwise.bytes == 0) {
        sentence(out, "needed", row, needed_text);
    }
    buf_add_c(out, '}');
}

static void log_text(const struct decision_log *log, const struct decision_filter *filter,
                     size_t *shown, struct buf *out)
{
    for (uint64_t i = log->count; i > 0 && i + log->room > log->count; i--) {
        struct decision_row row;

        read_row(str_of(log->rows + (i - 1) % log->room * DECISION_BYTES_MAX, DECISION_BYTES_MAX),
                 &row);
        if (*shown == filter->count_max) {
            return;
        }
        if (filter->request.bytes == 0 || str_eq(filter->request, row.request)) {
            buf_add(out, (*shown)++ == 0 ? STR("\n") : STR(",\n"));
            row_text(&row, out);
        }
    }
}

void decisions_text(struct cell *cell, const struct decision_filter *filter, struct buf *out)
{
    size_t shown = 0;

    buf_add(out, STR("{\"decisions\":["));
    cell_enter(cell);
    if (filter->denied) {
        log_text(&cell->authorize->denied, filter, &shown, out);
    }
    if (filter->allowed) {
        log_text(&cell->authorize->allowed, filter, &shown, out);
    }
    cell_leave(cell);
    buf_add(out, STR("]}\n"));
}
