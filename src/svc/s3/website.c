/* SPDX-License-Identifier: Apache-2.0
 *
 * Buckets as websites. Served to hosts that say so (BUCKET.s3-website.REGION.…,
 * BUCKET.s3-website-REGION.…) and, where names do not resolve, below /_aws/s3-website/BUCKET/.
 * Source: "Hosting a static website using Amazon S3", AWS documentation.
 *
 * A request's way:
 *
 *   all redirected?  → 301
 *   a routing rule without an error code fits the key  → its redirect
 *   the key, with the index document's name behind a '/', is an object:
 *       with x-amz-website-redirect-location  → 301
 *       else → 200
 *   the key as a folder has an index document  → 302 to KEY/
 *   a routing rule for the error fits  → its redirect
 *   the error document, else S3's own page  → 403 or 404
 *
 * Who asks is nobody: with --auth=on only what the bucket's policy or ACLs let everybody read is
 * shown, and what is not there is 403 to whom may not list.
 */
#include "base/codec.h"
#include "svc/s3/settings_int.h"
#include "wire/xml.h"

#include <assert.h>

#define PATH_BEGIN "/_aws/s3-website/"
#define HOST_MARK ".s3-website"
#define PAGE_BYTES_MAX (64u * 1024)
#define LOCATION_BYTES_MAX (16u * 1024)

/* One request of a website. */
struct visit_of_site {
    struct bucket *bucket;       /* whose */
    const struct value *website; /* its WebsiteConfiguration */
    struct str key;              /* as asked, decoded */
    struct str base;             /* what stands before the key in a path: "/" or /_aws/…/ */
    bool checked;                /* access is checked: auth is on */
};

/* ---- pages by hand ---- */

static const char *reason_of(int http)
{
    switch (http) {
    case 301:
        return "301 Moved Permanently";
    case 302:
        return "302 Moved Temporarily";
    case 400:
        return "400 Bad Request";
    case 403:
        return "403 Forbidden";
    case 404:
        return "404 Not Found";
    case 405:
        return "405 Method Not Allowed";
    default:
        return "500 Internal Server Error";
    }
}

static void add_line(struct buf *page, const char *name, struct str value)
{
    buf_printf(page, "<li>%s: ", name);
    xml_write_text(page, value);
    buf_add(page, STR("</li>\n"));
}

/* What went wrong. */
struct wrong {
    int http;            /* status */
    struct str code;     /* S3's */
    struct str message;  /* its sentence */
    const char *element; /* what it is about: "Key", "BucketName"; NULL: nothing */
    struct str value;    /* of that */
    bool no_document;    /* the error document could not be had either */
};

static void answer_wrong(struct call *c, const struct wrong *wrong)
{
    struct buf page;

    buf_init(&page, PAGE_BYTES_MAX);
    buf_printf(&page, "<html>\n<head><title>%s</title></head>\n<body>\n<h1>%s</h1>\n<ul>\n",
               reason_of(wrong->http), reason_of(wrong->http));
    add_line(&page, "Code", wrong->code);
    add_line(&page, "Message", wrong->message);
    if (wrong->element != NULL) {
        add_line(&page, wrong->element, wrong->value);
    }
    add_line(&page, "RequestId", c->request_id);
    add_line(&page, "HostId", c->request_id);
    buf_add(&page, STR("</ul>\n"));
    if (wrong->no_document) {
        buf_add(&page, STR("<h3>An Error Occurred While Attempting to Retrieve a Custom Error "
                           "Document</h3>\n<ul>\n"));
        add_line(&page, "Code", STR("NoSuchKey"));
        add_line(&page, "Message", STR("The specified key does not exist."));
        buf_add(&page, STR("</ul>\n"));
    }
    buf_add(&page, STR("<hr/>\n</body>\n</html>\n"));
    put_header(c, "x-amz-error-code", wrong->code);
    put_header(c, "x-amz-error-message", wrong->message);
    call_answer(c, wrong->http, "text/html; charset=utf-8",
                arena_dup(c->arena, buf_str(&page)));
    buf_done(&page);
}

static struct str sentence_of(struct call *c, status code)
{
    struct str sentence;

    (void)fail_s3(c, code);
    sentence = arena_dup(c->arena, str_c(c->why.text));
    c->why.text[0] = '\0';
    return sentence;
}

static void answer_error(struct call *c, status code, const char *element, struct str value)
{
    struct wrong wrong = {code->http, str_c(code->code), sentence_of(c, code), element,
                          value, false};

    answer_wrong(c, &wrong);
}

/* ---- redirects ---- */

/* Where to; empty parts are the request's own. */
struct target {
    struct str protocol, host; /* "https", "example.com" */
    struct str key;            /* not escaped */
    struct str query;          /* behind it, escaped */
    int http;                  /* status */
};

static void answer_redirect(struct call *c, const struct visit_of_site *site,
                            const struct target *target)
{
    struct buf location;
    bool elsewhere = target->host.bytes > 0 || target->protocol.bytes > 0;

    buf_init(&location, LOCATION_BYTES_MAX);
    if (elsewhere) {
        buf_add(&location, target->protocol.bytes > 0 ? target->protocol
                           : c->request->tls          ? STR("https")
                                                      : STR("http"));
        buf_add(&location, STR("://"));
        buf_add(&location, target->host.bytes > 0 ? target->host : c->request->authority);
    }
    buf_add(&location, target->host.bytes > 0 ? STR("/") : site->base);
    buf_add_percent(&location, target->key, true);
    if (target->query.bytes > 0) {
        buf_add_c(&location, '?');
        buf_add(&location, target->query);
    }
    put_header(c, "location", arena_dup(c->arena, buf_str(&location)));
    buf_done(&location);
    call_answer(c, target->http, NULL, STR_NONE);
}

/* Does the rule fit? http 0: before the object is looked for. */
static bool rule_fits(const struct value *rule, struct str key, int http)
{
    const struct value *condition = get(rule, "Condition");
    struct str code = condition == NULL ? STR_NONE
                                        : get_str(condition, "HttpErrorCodeReturnedEquals");
    uint64_t number = 0;

    if ((code.bytes > 0) != (http != 0)) {
        return false;
    }
    if (code.bytes > 0 && (!str_to_u64(code, &number) || number != (uint64_t)http)) {
        return false;
    }
    return condition == NULL || str_starts(key, get_str(condition, "KeyPrefixEquals"));
}

static void redirect_by(struct call *c, const struct visit_of_site *site, const struct value *rule)
{
    const struct value *redirect = get(rule, "Redirect");
    const struct value *condition = get(rule, "Condition");
    struct str prefix = condition == NULL ? STR_NONE : get_str(condition, "KeyPrefixEquals");
    struct target target = {get_str(redirect, "Protocol"), get_str(redirect, "HostName"),
                            site->key, STR_NONE, 301};
    uint64_t number;

    if (has(redirect, "ReplaceKeyWith")) {
        target.key = get_str(redirect, "ReplaceKeyWith");
    } else if (has(redirect, "ReplaceKeyPrefixWith")) {
        struct str rest = str_slice(site->key, prefix.bytes, site->key.bytes);
        struct str with = get_str(redirect, "ReplaceKeyPrefixWith");
        char *key = arena_alloc(c->arena, with.bytes + rest.bytes + 1);

        memcpy(key, with.bytes > 0 ? with.at : "", with.bytes);
        memcpy(key + with.bytes, rest.bytes > 0 ? rest.at : "", rest.bytes);
        target.key = str_of(key, with.bytes + rest.bytes);
    }
    if (str_to_u64(get_str(redirect, "HttpRedirectCode"), &number)) {
        target.http = (int)number;
    }
    answer_redirect(c, site, &target);
}

static bool routed(struct call *c, const struct visit_of_site *site, int http)
{
    const struct value *rules = get(site->website, "RoutingRules");

    for (uint32_t i = 0; rules != NULL && i < rules->count; i++) {
        if (rule_fits(&rules->items[i], site->key, http)) {
            redirect_by(c, site, &rules->items[i]);
            return true;
        }
    }
    return false;
}

/* ---- objects ---- */

/* What stands under a key for this visitor: OK, NoSuchKey, AccessDenied, InvalidObjectState. */
static status object_of_site(struct call *c, const struct visit_of_site *site, struct str key,
                             struct object *ret_object)
{
    struct object wanted = {.bucket = site->bucket, .key = key};
    bool there = key.bytes <= KEY_TEXT_BYTES_MAX &&
                 object_newest(c, site->bucket, key, ret_object) && !ret_object->delete_marker;

    if (site->checked && !access_granted(c, site->bucket, there ? ret_object : &wanted,
                                         "s3:GetObject")) {
        return &S3_ACCESS_DENIED;
    }
    if (!there) {
        return !site->checked || access_granted(c, site->bucket, NULL, "s3:ListBucket")
                   ? &S3_NO_KEY
                   : &S3_ACCESS_DENIED;
    }
    if (object_archived(c, ret_object)) {
        return &S3_INVALID_OBJECT_STATE;
    }
    return ret_object->encryption == ENCRYPTION_CUSTOMER ? &S3_INVALID_REQUEST : OK;
}

static struct str index_of(struct call *c, const struct visit_of_site *site, const char *between)
{
    struct str suffix = get_str(get(site->website, "IndexDocument"), "Suffix");
    struct buf key;
    struct str made;

    buf_init(&key, LOCATION_BYTES_MAX);
    buf_add(&key, site->key);
    buf_add(&key, str_c(between));
    buf_add(&key, suffix);
    made = arena_dup(c->arena, buf_str(&key));
    buf_done(&key);
    return made;
}

static void answer_missing(struct call *c, const struct visit_of_site *site, status code)
{
    const struct value *document = get(site->website, "ErrorDocument");
    struct wrong wrong = {code->http, str_c(code->code), sentence_of(c, code),
                          code == &S3_NO_KEY ? "Key" : NULL, site->key, document != NULL};
    struct object object;

    if (routed(c, site, code->http)) {
        return;
    }
    if (document != NULL &&
        object_of_site(c, site, get_str(document, "Key"), &object) == OK) {
        put_header(c, "x-amz-error-code", wrong.code);
        put_header(c, "x-amz-error-message", wrong.message);
        object_page(c, &object, code->http);
        return;
    }
    answer_wrong(c, &wrong);
}

static bool is_folder(struct str key)
{
    return key.bytes == 0 || key.at[key.bytes - 1] == '/';
}

static void answer_object(struct call *c, const struct visit_of_site *site)
{
    struct str key = is_folder(site->key) ? index_of(c, site, "") : site->key;
    struct object object;
    struct object index;
    status found = object_of_site(c, site, key, &object);

    if (found == OK && object.headers[HEADER_WEBSITE_REDIRECT].bytes > 0) {
        put_header(c, "location", object.headers[HEADER_WEBSITE_REDIRECT]);
        call_answer(c, 301, NULL, STR_NONE);
        return;
    }
    if (found == OK) {
        object_page(c, &object, 200);
        return;
    }
    if (!is_folder(site->key) && object_of_site(c, site, index_of(c, site, "/"), &index) == OK) {
        struct target target = {STR_NONE, STR_NONE,
                                arena_printf(c->arena, "%.*s/", STR_ARG(site->key)), STR_NONE,
                                302};

        answer_redirect(c, site, &target);
        return;
    }
    answer_missing(c, site, found);
}

/* ---- requests ---- */

static void serve(struct call *c, struct visit_of_site *site)
{
    const struct value *all = get(site->website, "RedirectAllRequestsTo");

    if (all != NULL) {
        struct target target = {get_str(all, "Protocol"), get_str(all, "HostName"), site->key,
                                c->request->query, 301};

        answer_redirect(c, site, &target);
    } else if (!routed(c, site, 0)) {
        answer_object(c, site);
    }
}

/* name and rest: the bucket, and the path behind it without its '/'. */
static status visit(struct call *c, struct str name, struct str rest, struct str base)
{
    struct visit_of_site site = {.base = base,
                                 .checked = str_eq(c->account, STR("anonymous"))};
    struct str method = c->request->method;

    site.bucket = bucket_find(s3_of(c), name);
    if (site.bucket == NULL) {
        answer_error(c, &S3_NO_BUCKET, "BucketName", name);
        return OK;
    }
    cors_answer(c, site.bucket);
    if (str_eq(method, STR("OPTIONS"))) {
        return cors_preflight(c, site.bucket, true);
    }
    if (!str_eq(method, STR("GET")) && !str_eq(method, STR("HEAD"))) {
        answer_error(c, &S3_METHOD_NOT_ALLOWED, "Method", method);
        return OK;
    }
    site.website = setting_value(site.bucket, SETTING_WEBSITE);
    if (site.website == NULL) {
        answer_error(c, &S3_NO_WEBSITE, "BucketName", name);
        return OK;
    }
    if (!percent_decode(c->arena, rest, false, &site.key)) {
        answer_error(c, &S3_INVALID_URI, "URI", rest);
        return OK;
    }
    serve(c, &site);
    return OK;
}

/* Below /_aws/s3-website/. */
static status page_by_path(struct call *c)
{
    struct str rest = str_slice(c->request->path, sizeof(PATH_BEGIN) - 1, c->request->path.bytes);
    size_t slash = str_find(rest, '/', 0);
    struct str name = str_slice(rest, 0, slash);
    struct str base = arena_printf(c->arena, PATH_BEGIN "%.*s/", STR_ARG(name));

    return visit(c, name, str_slice(rest, slash + 1, rest.bytes), base);
}

/* BUCKET.s3-website… */
static status page_by_host(struct call *c)
{
    struct str host = c->request->authority;
    struct str name = str_slice(host, 0, str_find_str(host, STR(HOST_MARK)));

    return visit(c, name, str_slice(c->request->path, 1, c->request->path.bytes), STR("/"));
}

const struct page settings_pages[] = {
    {PATH_BEGIN "*", true, page_by_path},
    {HOST_MARK, true, page_by_host},
};
static_assert(sizeof(settings_pages) / sizeof(settings_pages[0]) == SETTINGS_PAGE_COUNT,
              "the count in s3_settings_ops.h");
