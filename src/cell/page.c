/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages: what services answer beside their models.
 *
 * Rules
 *  1. A page is found by its path, or by its host, before anything is taken for an AWS request; the
 *     first that fits is taken: services keep their paths apart.
 *  2. A page that is not open is for this machine only and for no web page (a request with an
 *     Origin is refused); with auth on it needs a signature of a known key. As weir's own doors.
 *  3. With auth on, who asks for an open page is nobody: what belongs to an account is not shown
 *     for the asking. Signatures of open pages are not looked at.
 *  4. GET and HEAD change nothing, so they are answered on a full disk, too.
 */
#include "cell/door_int.h"

static const struct error REFUSED = {"AccessDenied", NULL, 403, false};

static status may_see(struct visit *visit)
{
    struct call *c = &visit->task.call;
    struct sigv4 sigv4 = {.present = false};

    if (!c->request->loopback || http_header(c->request, STR("origin")).bytes > 0) {
        return fail(c, &REFUSED, "only from this machine, and not from a web page");
    }
    TRY(sigv4_read(c->request, c->arena, &c->why, &sigv4));
    return door_identify(visit, c->request, &sigv4);
}

status page_begin(struct visit *visit, const struct page *page, const struct cell_service *slot)
{
    struct task *task = &visit->task;
    struct str method = task->call.request->method;

    task->run = page->run;
    task->doing = page->path;
    task->service = slot->service;
    task->model = slot->model;
    task->call.state = slot->state;
    task->reads = str_eq(method, STR("GET")) || str_eq(method, STR("HEAD"));
    if (!page->open) {
        return may_see(visit);
    }
    if (visit->home->door->auth) {
        door_anonymous(&task->call);
    }
    return OK;
}
