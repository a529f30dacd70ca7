/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages: what services answer beside their models. And what no operation is for: a browser that
 * asks whether it may (CORS's preflight), which nobody signs.
 *
 * Rules
 *  1. A page is found by its path, or by its host, before anything is taken for an AWS request; the
 *     first that fits is taken: services keep their paths apart.
 *  2. A page that is not open is for this machine only and for no web page (a request with an
 *     Origin is refused); with auth on it needs a signature of a known key. As weir's own doors.
 *  3. With auth on, who asks for an open page is nobody: what belongs to an account is not shown
 *     for the asking. Signatures of open pages are not looked at.
 *  4. GET and HEAD change nothing, so they are answered on a full disk, too; but for pages that say
 *     otherwise.
 *  5. A page may want to be told who signed; a wrong signature is none. What policies say of it is
 *     for the page to ask.
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

/* Rule 5. */
static bool is_signed(struct visit *visit)
{
    struct call *c = &visit->task.call;
    struct sigv4 sigv4 = {.present = false};
    struct why why;

    return sigv4_read(c->request, c->arena, &why, &sigv4) == OK && sigv4.present &&
           door_identify(visit, c->request, &sigv4) == OK;
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
    task->reads = (page->open & PAGE_CHANGES) == 0 &&
                  (str_eq(method, STR("GET")) || str_eq(method, STR("HEAD")));
    if (page->open == 0) {
        return may_see(visit);
    }
    if (((page->open & PAGE_TOLD) == 0 || !is_signed(visit)) && visit->home->door->auth) {
        door_anonymous(&task->call);
    }
    task->call.guarded = false;
    return OK;
}

/* ---- preflights ---- */

static bool is_preflight(const struct http_request *request)
{
    return str_eq(request->method, STR("OPTIONS")) &&
           http_header(request, STR("access-control-request-method")).bytes > 0;
}

/* Yes, as all of AWS's services say but S3, whose buckets have rules. */
static void may(struct call *c)
{
    struct str headers = http_header(c->request, STR("access-control-request-headers"));

    put_header(c, "access-control-allow-origin", STR("*"));
    put_header(c, "access-control-allow-methods",
               STR("GET, PUT, POST, DELETE, HEAD, PATCH, OPTIONS"));
    put_header(c, "access-control-max-age", STR("172800"));
    put_header(c, "access-control-expose-headers",
               STR("x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,ETag,Date"));
    if (headers.bytes > 0) {
        put_header(c, "access-control-allow-headers", headers);
    }
    call_answer(c, 200, NULL, STR_NONE);
}

static status preflight(struct call *c)
{
    const struct task *task = LINK_OWNER(c, const struct task, call);
    status told = task->service == NULL || task->service->other == NULL
                      ? &ERR_NOT_FOUND
                      : task->service->other(c);

    if (told == &ERR_NOT_FOUND) {
        may(c);
        return OK;
    }
    return told;
}

bool other_asked(struct door *door, struct exchange *x, struct route *ret_route,
                 const struct cell_service **ret_slot)
{
    struct why why;

    if (!is_preflight(exchange_request(x))) {
        return false;
    }
    (void)wire_route(exchange_request(x), STR_NONE, exchange_arena(x), &why, ret_route);
    *ret_slot = ret_route->service == NULL
                    ? NULL
                    : cell_service_of_model(door->cell, ret_route->service);
    return true;
}

status other_begin(struct visit *visit, const struct cell_service *slot)
{
    struct task *task = &visit->task;

    task->run = preflight;
    if (slot != NULL) {
        task->service = slot->service;
        task->model = slot->model;
        task->call.state = slot->state;
    }
    task->reads = true;
    door_anonymous(&task->call);
    return OK;
}
