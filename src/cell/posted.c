/* SPDX-License-Identifier: Apache-2.0
 *
 * A browser's form on its way to its service.
 *
 *   head → body, piece by piece ─fields─→ who, input ─file─→ sums, blob → the call
 *
 * Rules
 *  1. When the file begins, the fields before it are whole: who asks is known then, and the input,
 *     so that nobody uploads gigabytes in vain. It happens on whichever thread reads the body.
 *  2. A form is signed by its policy: SigV4's x-amz-credential, x-amz-signature, …; or, as clients
 *     made for SigV2 do, AWSAccessKeyId and signature, which are read for the account with auth off
 *     and refused with auth on.
 *  3. The fields become the header fields of the operation that the service names, and are decoded
 *     as such; what they say otherwise (conditions, redirects, the key) the service reads.
 *  4. Texts of the fields live in the form; everything made here in its own arena, for that other
 *     thread must not touch the exchange's.
 *  5. With auth on, a form without a policy is nobody's, and may be small only.
 */
#include "cell/posted.h"

#include <assert.h>

#define ARENA_BYTES_MAX (1u << 20)
#define HEADERS_MAX (FORM_FIELDS_MAX + 1)

struct posted {
    struct visit *visit;                     /* whose */
    struct form *form;                       /* being read */
    struct arena *arena;                     /* rule 4 */
    struct body_form body;                   /* what the reader of bodies gets */
    struct call_form call;                   /* what the service gets */
    struct http_request head;                /* rule 3 */
    struct http_header headers[HEADERS_MAX]; /* of head */
    bool streams;                            /* the body comes piece by piece */
};

bool posted_asked(struct door *door, struct exchange *x, struct route *ret_route,
                  const struct cell_service **ret_slot)
{
    const struct http_request *request = exchange_request(x);
    struct why why;

    if (!form_is(request)) {
        return false;
    }
    (void)wire_route(request, STR_NONE, exchange_arena(x), &why, ret_route);
    *ret_slot = ret_route->service == NULL
                    ? NULL
                    : cell_service_of_model(door->cell, ret_route->service);
    return *ret_slot != NULL && (*ret_slot)->service->form != NULL &&
           ret_route->operation == NULL;
}

/* ---- the fields ---- */

static struct str field(const struct posted *posted, const char *name)
{
    for (size_t i = 0; i < posted->call.count; i++) {
        if (str_eq(posted->call.fields[i].name, str_c(name))) {
            return posted->call.fields[i].value;
        }
    }
    return STR_NONE;
}

/* What is in a header field must not break out of it. */
static bool is_header_text(struct str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

/* As which header field a form's field is meant; STR_NONE: as none. */
static struct str header_of(struct str name)
{
    static const struct str names[] = {
        STR_INIT("cache-control"), STR_INIT("content-disposition"), STR_INIT("content-encoding"),
        STR_INIT("content-language"), STR_INIT("content-type"), STR_INIT("expires"),
    };

    if (str_eq(name, STR("acl"))) {
        return STR("x-amz-acl");
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_eq(name, names[i])) {
            return name;
        }
    }
    return str_starts(name, STR("x-amz-")) ? name : STR_NONE;
}

/* Rule 3. */
static status make_head(struct posted *posted, struct why *why)
{
    const struct operation *operation = posted->visit->route.operation;
    struct http_request *head = &posted->head;

    *head = *exchange_request(posted->visit->x);
    head->method = model_method(operation->method);
    head->query = STR_NONE;
    head->body = STR_NONE;
    head->headers = posted->headers;
    head->header_count = 0;
    for (size_t i = 0; i < posted->call.count; i++) {
        struct str name = header_of(posted->call.fields[i].name);

        if (name.bytes == 0) {
            continue;
        }
        if (!is_header_text(posted->call.fields[i].value)) {
            return why_set(why, &SIGV4_S3_ARGUMENT, "The form's field %.*s has control characters",
                           (int)(name.bytes < 128 ? name.bytes : 128), name.at);
        }
        assert(head->header_count < HEADERS_MAX);
        posted->headers[head->header_count].name = name;
        posted->headers[head->header_count++].value = str_trim(posted->call.fields[i].value);
    }
    return OK;
}

/* ---- who ---- */

/* AKID/20261123/us-east-1/s3/aws4_request */
static status scope_of(const struct posted *posted, struct why *why, struct sigv4 *ret_scope)
{
    struct str rest = field(posted, "x-amz-credential");
    struct str parts[5];
    size_t count = 0;

    while (rest.at != NULL && count < 5) {
        parts[count++] = str_split(&rest, '/');
    }
    if (count != 5 || rest.at != NULL || parts[0].bytes == 0 ||
        !str_eq(parts[4], STR("aws4_request"))) {
        return why_set(why, &SIGV4_S3_ARGUMENT,
                       "The value of x-amz-credential is not <access-key>/<date>/<region>/s3/"
                       "aws4_request");
    }
    *ret_scope = (struct sigv4){.present = true, .s3 = true, .access_key = parts[0],
                                .date = parts[1], .region = parts[2], .service = parts[3],
                                .signature = field(posted, "x-amz-signature"),
                                .session_token = field(posted, "x-amz-security-token")};
    return OK;
}

static status check_policy(struct posted *posted, const struct sigv4 *scope, struct why *why)
{
    struct call *c = &posted->visit->task.call;

    TRY(door_caller(c, scope, why));
    TRY(sigv4_check_policy(scope, field(posted, "policy"), c->identity->secret, NULL, why));
    return door_caller_in_time(c, scope, why);
}

static status nobody(struct posted *posted, struct why *why)
{
    if (posted->streams) { /* rule 5 */
        return why_set(why, &SIGV4_S3_DENIED, "Access Denied");
    }
    door_anonymous(&posted->visit->task.call);
    return OK;
}

/* Rules 2 and 5. */
static status identify(struct posted *posted, struct why *why)
{
    struct call *c = &posted->visit->task.call;
    bool auth = posted->visit->home->door->auth;
    struct str old_key = field(posted, "awsaccesskeyid");
    struct sigv4 scope;

    c->guarded = auth;
    if (field(posted, "x-amz-credential").at != NULL) {
        TRY(scope_of(posted, why, &scope));
        c->region = scope.region;
        c->access_key = scope.access_key;
        if (auth) {
            return field(posted, "policy").bytes == 0 ? nobody(posted, why)
                                                      : check_policy(posted, &scope, why);
        }
        door_believe(c, posted->arena, scope.access_key);
        return OK;
    }
    if (!auth) {
        door_believe(c, posted->arena, old_key);
        return OK;
    }
    return old_key.bytes == 0 ? nobody(posted, why) : sigv4_unsupported(why);
}

/* ---- the file begins ---- */

/* Rule 1. */
static status begun(void *arg, const struct http_request **ret_head, struct why *why)
{
    struct posted *posted = arg;
    struct visit *visit = posted->visit;
    struct call *c = &visit->task.call;
    struct value *input;

    posted->call.count = form_fields(posted->form, &posted->call.fields);
    posted->call.filename = form_filename(posted->form);
    TRY(identify(posted, why));
    TRY(make_head(posted, why));
    TRY(wire_decode(&visit->route, &posted->head, posted->arena, why, &input));
    TRY(wire_check(c->operation, input, posted->arena, why));
    posted->call.in = input;
    c->in = input;
    c->form = &posted->call;
    *ret_head = &posted->head;
    return arena_spent(posted->arena) ? why_set(why, &FORM_TOO_LARGE, "%s",
                                                "Your POST request fields preceding the upload "
                                                "file were too large.")
                                      : OK;
}

/* The path of the operation: the key is in a field that comes later. */
static struct str path_of(const struct visit *visit)
{
    struct str path = visit->route.path;

    if (visit->route.bucket.bytes > 0) { /* it is named by the host */
        return STR("/-");
    }
    while (path.bytes > 1 && path.at[path.bytes - 1] == '/') {
        path.bytes--;
    }
    return arena_printf(visit->task.call.keep, "%.*s/-", STR_ARG(path));
}

status posted_begin(struct visit *visit, const struct cell_service *slot, bool streams)
{
    struct call *c = &visit->task.call;
    struct http_request request = *exchange_request(visit->x);
    struct posted *posted = ARENA_NEW(c->keep, struct posted);
    struct sigv4 unsigned_body = {.present = false, .body_later = streams};
    struct body_source source = {&request, &unsigned_body, NULL, &posted->body};
    struct call_body *small;

    visit->route.operation = model_operation(visit->route.service,
                                             str_c(slot->service->form_operation));
    visit->route.origin = http_header(&request, STR("origin"));
    visit->route.path = path_of(visit);
    c->operation = visit->route.operation;
    visit->task.model = visit->route.service;
    visit->task.run = slot->service->form;
    c->state = slot->state;
    c->out = value_struct(c->arena, c->operation->output);

    posted->visit = visit;
    posted->streams = streams;
    posted->arena = arena_new(ARENA_BYTES_MAX);
    posted->form = form_new(http_header(&request, STR("content-type")));
    posted->body = (struct body_form){posted->form, begun, posted};
    visit->posted = posted;
    if (streams) {
        return intake_begin(visit, &source);
    }
    TRY(body_read_whole(&source, c->arena, &c->why, &small));
    c->body = small;
    return OK;
}

void posted_end(struct posted *posted)
{
    if (posted != NULL) {
        form_free(posted->form);
        arena_free(posted->arena);
    }
}
