/* SPDX-License-Identifier: Apache-2.0
 *
 * An operation inside a call. It is a task of its own over the caller's txn and arena, which never
 * leaves this file: nothing wakes it, nobody cancels it.
 */
#include "cell/inner.h"

#include "cell/authorize.h"
#include "cell/cell_int.h"
#include "cell/directory.h"

#include <assert.h>

const struct error INNER_WAITS = {"OperationWaits", NULL, 503, true};
const struct error INNER_NO_ROLE = {"AccessDenied", NULL, 403, false};

status inner_begin(struct call *c, const char *service, const char *operation,
                   struct inner *ret_inner)
{
    const struct service_model *model = model_service(str_c(service));
    const struct operation *found =
        model == NULL ? NULL : model_operation(model, str_c(operation));
    struct inner inner = {.service = service, .operation = found};

    if (found == NULL || cell_op(c->cell, found) == NULL) {
        return fail(c, &WIRE_NOT_IMPLEMENTED, "%s %s is not implemented by weir.", service,
                    operation);
    }
    inner.caller = (struct inner_caller){c->account, c->region, c->principal, NULL};
    inner.in = value_struct(c->arena, found->input);
    inner.why.text[0] = '\0';
    *ret_inner = inner;
    return OK;
}

/* Policies matter only where they are looked at at all; a role that is not there never does. */
static bool trusts(struct call *c, const struct role_facts *role, const char *by)
{
    struct service_wish wish = {.service = str_c(by), .action = "sts:AssumeRole",
                                .resource = role->arn};

    return !cell_auth(c->cell) || service_may(c, &wish);
}

status inner_as_role(struct call *c, struct inner *inner, struct str role, const char *by)
{
    struct identity *identity = ARENA_NEW(c->arena, struct identity);
    struct role_facts facts;

    if (!directory_role(c->cell, role, c->arena, &facts)) {
        if (!cell_auth(c->cell)) { /* as functions, which also work without a role that is there */
            return OK;
        }
        return fail(c, &INNER_NO_ROLE, "There is no role %.*s",
                    STR_ARG(str_slice(role, 0, 512)));
    }
    if (!trusts(c, &facts, by)) {
        return fail(c, &INNER_NO_ROLE, "%s may not assume %.*s", by,
                    STR_ARG(str_slice(role, 0, 512)));
    }
    directory_name_session(&facts, STR("BackplaneAssumeRoleSession"), c->arena, identity);
    inner->caller.identity = identity;
    inner->caller.account = identity->account;
    inner->caller.principal = identity->principal;
    return OK;
}

static struct task *task_make(struct call *c, struct inner *inner)
{
    struct task *task = arena_alloc(c->arena, sizeof(*task));
    struct call *own = &task->call;

    task_init(task, c->cell, c->arena);
    task->inner = true;
    own->txn = c->txn;
    own->now = c->now;
    own->account = inner->caller.account;
    own->region = inner->caller.region;
    own->principal = inner->caller.principal;
    own->identity = inner->caller.identity;
    own->guarded = own->identity != NULL && cell_auth(c->cell);
    own->verified = own->guarded;
    own->request_id = c->request_id;
    own->trace = c->trace;
    own->request = c->request;
    own->operation = inner->operation;
    own->in = inner->in;
    own->out = value_struct(c->arena, inner->operation->output);
    return task;
}

/* It would wait: it is taken out of where it stands, as a caller that went away would be. */
static status refuse_waiting(struct task *task)
{
    if (task->state == TASK_PARKED) {
        timer_unset(&task->call.cell->timers, &task->timer);
        link_remove(&task->link);
    }
    return fail(&task->call, &INNER_WAITS, "%s would have to wait",
                arena_dup(task->call.arena, model_text(task->call.operation->name)).at);
}

static status run(struct task *task, const struct op *op)
{
    status result = op->run(&task->call);

    while (result == OK && task->state == TASK_READY) { /* its work is done already */
        task->state = TASK_NEW;
        result = task->run(&task->call);
    }
    if (result == OK && (task->state != TASK_NEW || task->streaming)) {
        result = refuse_waiting(task);
    }
    task->state = TASK_DONE;
    if (task->ended != NULL) {
        task->ended(&task->call);
    }
    return result;
}

static status checked(struct task *task, const struct cell_service *slot, const struct op *op)
{
    struct call *own = &task->call;

    TRY(wire_check(own->operation, own->in, own->arena, &own->why));
    TRY(own->guarded ? authorize_call(own) : OK);
    status result = run(task, op);

    task->state = TASK_NEW;
    if (slot->service->called != NULL) {
        slot->service->called(own, result);
    }
    return result;
}

status inner_run(struct call *c, struct inner *inner)
{
    const struct service_model *model = model_service_of(inner->operation);
    const struct cell_service *slot = cell_service_of_model(c->cell, model);
    const struct op *op = cell_op(c->cell, inner->operation);
    struct task *task;
    status result;

    assert(op != NULL);
    if (c->cell->inner_depth >= INNER_DEPTH_MAX) {
        return why_set(&inner->why, &ERR_LIMIT, "operations inside one another");
    }
    task = task_make(c, inner);
    task->model = model;
    task->service = slot->service;
    task->call.state = slot->state;
    c->cell->inner_depth++;
    result = checked(task, slot, op);
    c->cell->inner_depth--;
    reply_unpin(c->cell, task->call.reply);
    inner->out = task->call.out;
    inner->resource = task->call.resource;
    inner->detail = task->call.detail;
    if (result != OK) {
        return why_set(&inner->why, result, "%s", task->call.why.text);
    }
    return OK;
}
