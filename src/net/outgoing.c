/* SPDX-License-Identifier: Apache-2.0
 *
 * Outgoing HTTP through libcurl's easy interface.
 *
 * Rules
 *  1. A handle lives for one request; connections are not kept. Deliveries are rare beside
 *     requests, and a kept connection to somebody else's server fails in its own ways.
 *  2. libcurl is found by its soname at run time; without it outgoing requests fail and say so.
 */
#include "net/outgoing.h"

#include "base/buf.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#define URL_BYTES_MAX 8192

static struct {
    void *library;                       /* NULL: not to be had */
    CURLcode (*global_init)(long flags);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *handle, CURLoption option, ...);
    CURLcode (*easy_perform)(CURL *handle);
    CURLcode (*easy_getinfo)(CURL *handle, CURLINFO info, ...);
    void (*easy_cleanup)(CURL *handle);
    const char *(*easy_strerror)(CURLcode code);
    struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
    void (*slist_free_all)(struct curl_slist *list);
} curl;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find(void *to, const char *name)
{
    void *found = dlsym(curl.library, name);

    memcpy(to, &found, sizeof(found));
}

static void load(void)
{
    curl.library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (curl.library == NULL) {
        return;
    }
    find(&curl.global_init, "curl_global_init");
    find(&curl.easy_init, "curl_easy_init");
    find(&curl.easy_setopt, "curl_easy_setopt");
    find(&curl.easy_perform, "curl_easy_perform");
    find(&curl.easy_getinfo, "curl_easy_getinfo");
    find(&curl.easy_cleanup, "curl_easy_cleanup");
    find(&curl.easy_strerror, "curl_easy_strerror");
    find(&curl.slist_append, "curl_slist_append");
    find(&curl.slist_free_all, "curl_slist_free_all");
    if (curl.global_init == NULL || curl.easy_init == NULL || curl.easy_setopt == NULL ||
        curl.easy_perform == NULL || curl.easy_getinfo == NULL || curl.easy_cleanup == NULL ||
        curl.easy_strerror == NULL || curl.slist_append == NULL || curl.slist_free_all == NULL ||
        curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        curl.library = NULL;
    }
}

/* What came back, up to its maximum. */
static size_t take(char *at, size_t size, size_t count, void *arg)
{
    struct buf *body = arg;
    size_t bytes = size * count;
    size_t room = body->bytes_max - body->bytes;

    buf_add(body, str_of(at, bytes < room ? bytes : room));
    return bytes;
}

/* The answer's fields; a status line, as after "100 Continue", begins them anew. */
struct fields {
    struct arena *arena;             /* of their texts */
    struct http_header *headers;     /* HTTP_HEADERS_MAX */
    size_t count;                    /* of them */
};

static size_t take_field(char *at, size_t size, size_t count, void *arg)
{
    struct fields *fields = arg;
    struct str line = str_of(at, size * count);
    size_t colon = str_find(line, ':', 0);
    struct str name = arena_dup(fields->arena, str_slice(line, 0, colon));
    struct str value = str_slice(line, colon + 1, line.bytes);

    if (str_starts(line, STR("HTTP/"))) {
        fields->count = 0;
    } else if (colon < line.bytes && fields->count < HTTP_HEADERS_MAX) {
        for (size_t i = 0; i < name.bytes; i++) {
            char *c = (char *)(uintptr_t)&name.at[i];

            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
        }
        while (value.bytes > 0 && strchr("\r\n", value.at[value.bytes - 1]) != NULL) {
            value.bytes--;
        }
        fields->headers[fields->count++] =
            (struct http_header){name, arena_dup(fields->arena, str_trim(value))};
    }
    return line.bytes;
}

static struct str host_of(struct str url)
{
    size_t begin = str_find_str(url, STR("://"));
    struct str rest = str_slice(url, begin + 3, url.bytes);
    size_t end = 0;

    while (end < rest.bytes && strchr("/?#", rest.at[end]) == NULL) {
        end++;
    }
    rest = str_slice(rest, 0, end);
    for (size_t at = str_find(rest, '@', 0); at < rest.bytes; at = str_find(rest, '@', 0)) {
        rest = str_slice(rest, at + 1, rest.bytes);
    }
    if (rest.bytes > 0 && rest.at[0] == '[') {
        return str_slice(rest, 0, str_find(rest, ']', 0) + 1);
    }
    return str_slice(rest, 0, str_find(rest, ':', 0));
}

static bool ends_nocase(struct str s, struct str suffix)
{
    return s.bytes >= suffix.bytes &&
           str_eq_nocase(str_slice(s, s.bytes - suffix.bytes, s.bytes), suffix);
}

static bool is_aws(struct str host)
{
    static const struct str suffixes[] = {
        STR_INIT("amazonaws.com"), STR_INIT("amazonaws.com.cn"), STR_INIT("api.aws"),
        STR_INIT("on.aws"), STR_INIT("amazonaws.com."), STR_INIT("api.aws."), STR_INIT("on.aws."),
    };

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (ends_nocase(host, suffixes[i])) {
            return true;
        }
    }
    return false;
}

static status url_check(struct str url, struct why *why)
{
    struct str host = host_of(url);

    if (url.bytes == 0 || url.bytes >= URL_BYTES_MAX || host.bytes == 0 ||
        memchr(url.at, '\0', url.bytes) != NULL ||
        (!str_starts_nocase(url, STR("http://")) && !str_starts_nocase(url, STR("https://")))) {
        return why_set(why, &ERR_MALFORMED, "this is no http or https URL");
    }
    if (is_aws(host)) {
        return why_set(why, &ERR_MALFORMED, "%.*s is AWS's: weir sends nothing there",
                       STR_ARG(host));
    }
    return OK;
}

static struct curl_slist *header_list(const struct outgoing *request, struct arena *arena)
{
    struct curl_slist *list = curl.slist_append(NULL, "Expect:");

    for (size_t i = 0; list != NULL && i < request->header_count; i++) {
        struct str line = arena_printf(arena, "%.*s: %.*s", STR_ARG(request->headers[i].name),
                                       STR_ARG(request->headers[i].value));
        struct curl_slist *more = curl.slist_append(list, line.at);

        if (more == NULL) {
            curl.slist_free_all(list);
        }
        list = more;
    }
    return list;
}

static void set_options(CURL *handle, const struct outgoing *request, struct str url,
                        struct curl_slist *headers)
{
    curl.easy_setopt(handle, CURLOPT_URL, url.at);
    curl.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(handle, CURLOPT_PROXY, "");
    curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)OUTGOING_CONNECT_MS);
    curl.easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                     (long)(request->whole_ms > 0 ? request->whole_ms : OUTGOING_WHOLE_MS));
    curl.easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, take);
    if (strcmp(request->method, "HEAD") == 0) {
        curl.easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else if (strcmp(request->method, "POST") == 0 || request->body.bytes > 0) {
        curl.easy_setopt(handle, CURLOPT_POST, 1L);
        curl.easy_setopt(handle, CURLOPT_POSTFIELDS,
                         request->body.bytes > 0 ? request->body.at : "");
        curl.easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.bytes);
    }
    if (strcmp(request->method, "HEAD") != 0) {
        curl.easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

status outgoing_send(const struct outgoing *request, struct arena *arena, struct why *why,
                     struct outgoing_answer *ret_answer)
{
    struct str url = arena_dup(arena, request->url);
    struct fields fields = {.arena = arena};
    struct curl_slist *headers;
    struct buf body;
    CURL *handle;
    CURLcode code;
    long http = 0;

    TRY(url_check(request->url, why));
    pthread_once(&once, load);
    if (curl.library == NULL) {
        return why_set(why, &ERR_IO, "libcurl.so.4 is not installed: nothing can be sent");
    }
    handle = curl.easy_init();
    headers = header_list(request, arena);
    if (handle == NULL || headers == NULL) {
        curl.slist_free_all(headers);
        curl.easy_cleanup(handle);
        return why_set(why, &ERR_IO, "libcurl has no memory");
    }
    buf_init(&body, request->answer_bytes_max > 0 ? request->answer_bytes_max
                                                  : OUTGOING_ANSWER_BYTES_MAX);
    set_options(handle, request, url, headers);
    curl.easy_setopt(handle, CURLOPT_WRITEDATA, &body);
    if (request->wants_headers) {
        fields.headers = arena_alloc(arena, HTTP_HEADERS_MAX * sizeof(fields.headers[0]));
        curl.easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_field);
        curl.easy_setopt(handle, CURLOPT_HEADERDATA, &fields);
    }
    code = curl.easy_perform(handle);
    curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &http);
    curl.slist_free_all(headers);
    curl.easy_cleanup(handle);
    ret_answer->http = (int)http;
    ret_answer->body = arena_dup(arena, buf_str(&body));
    ret_answer->headers = fields.headers;
    ret_answer->header_count = fields.count;
    buf_done(&body);
    return code == CURLE_OK ? OK : why_set(why, &ERR_IO, "%s", curl.easy_strerror(code));
}
