/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine as a part of the cell.
 */
#include "fn/part.h"

#include "base/mem.h"
#include "cell/cell.h"
#include "sys/log.h"

#include <assert.h>
#include <stdatomic.h>

struct fn_part {
    struct fn *fn;                /* NULL: not started, or stopped */
    struct fn_options options;    /* how it runs, when that was told */
    atomic_bool told;             /* options are complete; until then it may not run */
    struct fn_listener listener;  /* who hears of it; one */
    bool tried;                   /* it was started, or could not be */
};

static struct fn_part *part_of(struct cell *cell)
{
    return cell_state(cell, "fn");
}

void fn_listen(struct cell *cell, const struct fn_listener *listener)
{
    struct fn_part *part = part_of(cell);

    if (part != NULL) {
        assert(part->listener.log == NULL);
        part->listener = *listener;
    }
}

static void on_log(void *ctx, const struct fn_line *line)
{
    struct fn_part *part = ctx;

    if (part->listener.log != NULL) {
        part->listener.log(part->listener.state, line);
    }
}

static void on_turn(void *ctx)
{
    struct fn_part *part = ctx;

    if (part->listener.turn != NULL) {
        part->listener.turn(part->listener.state);
    }
}

void fn_part_options(struct cell *cell, const struct fn_options *options)
{
    struct fn_part *part = part_of(cell);

    part->options = *options;
    part->options.log = on_log;
    part->options.turn = on_turn;
    part->options.ctx = part;
    atomic_store_explicit(&part->told, options->keeper != NULL, memory_order_release);
    if (part->listener.ready != NULL) {
        part->listener.ready(part->listener.state);
    }
}

/* Requests may come before the program has said how functions run. */
static bool may_run(const struct fn_part *part)
{
    return part != NULL && atomic_load_explicit(&part->told, memory_order_acquire);
}

struct fn *fn_of(struct cell *cell)
{
    struct fn_part *part = part_of(cell);
    struct why why = {""};

    if (!may_run(part)) {
        return NULL;
    }
    if (!part->tried) {
        part->tried = true;
        if (fn_start(&part->options, &why, &part->fn) != OK) {
            log_write(LOG_ERROR, "fn", "functions cannot run: %s", why.text);
        }
    }
    return part->fn;
}

const char *fn_dir(struct cell *cell)
{
    struct fn_part *part = part_of(cell);

    return may_run(part) ? part->options.dir : NULL;
}

static status part_open(struct cell *cell, void **ret_state)
{
    (void)cell;
    *ret_state = MEM_NEW(struct fn_part);
    return OK;
}

/* Whoever waits for a worker hears that weir stops, while he can still come in. */
static void part_settle(void *state)
{
    struct fn_part *part = state;

    fn_stop(part->fn);
    part->fn = NULL;
    part->tried = true;
}

static void part_close(void *state)
{
    mem_free(state);
}

const struct service fn_service = {
    .id = "fn",
    .open = part_open,
    .close = part_close,
    .settle = part_settle,
};
