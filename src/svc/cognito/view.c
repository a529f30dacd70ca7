/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages as HTML.
 */
#include "base/buf.h"
#include "base/codec.h"
#include "base/digest.h"
#include "svc/cognito/browser.h"
#include "svc/cognito/login.h"

#include <assert.h>

#define PAGE_BYTES_MAX (256u * 1024)

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1b2430;--soft:#5a6675;--line:#c9d1da;--paper:#fff;"
    "--ground:#eef1f5;--act:#0b5cad;--bad:#a3161c}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e8ecf1;--soft:#a4afbc;--line:#455160;"
    "--paper:#1a212a;--ground:#10151b;--act:#6cb2f7;--bad:#ff8f8f}}"
    "*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;"
    "background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}"
    "main{width:min(26rem,92vw);margin:2rem 0;padding:2rem;background:var(--paper);"
    "border:1px solid var(--line);border-radius:.75rem}"
    "h1{margin:0 0 1rem;font-size:1.5rem}p{margin:0 0 1rem;color:var(--soft)}"
    ".problem{padding:.75rem 1rem;border-left:4px solid var(--bad);color:var(--bad)}"
    "code{word-break:break-all;color:var(--ink)}"
    "label{display:block;margin:0 0 1rem;font-weight:600}"
    "label.choice{font-weight:400}"
    "input:not([type=radio]){display:block;width:100%;margin-top:.25rem;padding:.6rem .75rem;"
    "font:inherit;color:inherit;background:transparent;border:1px solid var(--line);"
    "border-radius:.4rem}"
    "button{width:100%;padding:.7rem;font:inherit;font-weight:600;color:var(--paper);"
    "background:var(--act);border:0;border-radius:.4rem;cursor:pointer}"
    "a{color:var(--act)}:focus-visible{outline:3px solid var(--act);outline-offset:2px}"
    "nav{display:flex;flex-wrap:wrap;gap:.5rem 1.25rem;margin-top:1.25rem}";

static void add_text(struct buf *page, struct str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        switch (text.at[i]) {
        case '&':
            buf_add(page, STR("&amp;"));
            break;
        case '<':
            buf_add(page, STR("&lt;"));
            break;
        case '>':
            buf_add(page, STR("&gt;"));
            break;
        case '"':
            buf_add(page, STR("&quot;"));
            break;
        case '\'':
            buf_add(page, STR("&#39;"));
            break;
        default:
            buf_add_c(page, text.at[i]);
        }
    }
}

static void add_attribute(struct buf *page, const char *name, struct str value)
{
    buf_printf(page, " %s=\"", name);
    add_text(page, value);
    buf_add_c(page, '"');
}

/* ---- making one ---- */

void view_field(struct view *view, struct view_field field)
{
    if (view->field_count < VIEW_FIELDS_MAX) {
        view->fields[view->field_count++] = field;
    }
}

void view_hidden(struct view *view, const char *name, struct str value)
{
    view_field(view, (struct view_field){.name = name, .type = "hidden", .value = value});
}

void view_link(struct view *view, const char *path, const char *text)
{
    assert(view->link_count < VIEW_LINKS_MAX);
    view->links[view->link_count].path = path;
    view->links[view->link_count++].text = text;
}

/* ---- writing it ---- */

static void add_field(struct buf *page, const struct view_field *field, bool first)
{
    bool radio = str_eq(str_c(field->type), STR("radio"));

    if (field->label.bytes > 0) {
        buf_add(page, radio ? STR("<label class=\"choice\">") : STR("<label>"));
    }
    if (!radio) {
        add_text(page, field->label);
    }
    buf_add(page, STR("<input"));
    add_attribute(page, "name", str_c(field->name));
    add_attribute(page, "type", str_c(field->type));
    if (field->complete != NULL) {
        add_attribute(page, "autocomplete", str_c(field->complete));
    }
    if (field->value.bytes > 0) {
        add_attribute(page, "value", field->value);
    }
    if (field->label.bytes > 0) {
        buf_add(page, first ? STR(" required autofocus") : STR(" required"));
    }
    buf_add_c(page, '>');
    if (radio) {
        buf_add_c(page, ' ');
        add_text(page, field->label);
    }
    buf_add(page, field->label.bytes > 0 ? STR("</label>\n") : STR("\n"));
}

static void add_form(struct call *c, const struct web *web, const struct view *view,
                     struct buf *page)
{
    bool first = true;

    buf_add(page, STR("<form method=\"post\""));
    add_attribute(page, "action", web_link(c, web, view->action, view->query));
    buf_add(page, STR(">\n"));
    add_field(page,
              &(struct view_field){.name = CSRF_FIELD, .type = "hidden",
                                   .value = csrf_give(c, web)}, false);
    for (size_t i = 0; i < view->field_count; i++) {
        add_field(page, &view->fields[i], first && view->fields[i].label.bytes > 0);
        first = first && view->fields[i].label.bytes == 0;
    }
    buf_printf(page, "<button type=\"submit\">%s</button>\n</form>\n", view->submit);
}

static void add_links(struct call *c, const struct web *web, const struct view *view,
                      struct buf *page)
{
    buf_add(page, STR("<nav aria-label=\"More\">"));
    for (size_t i = 0; i < view->link_count; i++) {
        buf_add(page, STR("<a"));
        add_attribute(page, "href", web_link(c, web, view->links[i].path, view->query));
        buf_printf(page, ">%s</a>", view->links[i].text);
    }
    buf_add(page, STR("</nav>\n"));
}

/* No form-action: browsers hold it against redirects, and signing in ends with one to the app. */
static void put_guards(struct call *c)
{
    char sum[(SHA256_BYTES + 2) / 3 * 4];
    uint8_t digest[SHA256_BYTES];

    sha256(str_of(style, sizeof(style) - 1), digest);
    base64_encode(str_of(digest, sizeof(digest)), sum);
    put_header(c, "content-security-policy",
               arena_printf(c->arena,
                            "default-src 'none'; style-src 'sha256-%.*s'; base-uri 'none'; "
                            "frame-ancestors 'none'", (int)sizeof(sum), sum));
    put_header(c, "x-frame-options", STR("DENY"));
    put_header(c, "x-content-type-options", STR("nosniff"));
    put_header(c, "referrer-policy", STR("same-origin"));
    put_header(c, "cache-control", STR("no-store"));
}

void view_show(struct call *c, const struct web *web, int http, const struct view *view)
{
    struct buf page;

    buf_init(&page, PAGE_BYTES_MAX);
    buf_printf(&page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
               "<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n<h1>%s</h1>\n",
               view->title, style, view->title);
    if (view->problem.bytes > 0) {
        buf_add(&page, STR("<p class=\"problem\" role=\"alert\">"));
        add_text(&page, view->problem);
        buf_add(&page, STR("</p>\n"));
    }
    if (view->text.bytes > 0) {
        buf_add(&page, STR("<p>"));
        add_text(&page, view->text);
        buf_add(&page, STR("</p>\n"));
    }
    if (view->action != NULL) {
        add_form(c, web, view, &page);
    }
    if (view->link_count > 0) {
        add_links(c, web, view, &page);
    }
    buf_add(&page, STR("</main>\n</body>\n</html>\n"));
    put_guards(c);
    call_answer(c, buf_spent(&page) ? 500 : http, "text/html;charset=UTF-8",
                buf_spent(&page) ? STR_NONE : arena_dup(c->arena, buf_str(&page)));
    buf_done(&page);
}

/* ---- errors ---- */

/* GET /error */
status web_error_page(struct call *c, const struct web *web)
{
    static const struct {
        const char *error, *words; /* its name; what it means */
    } known[] = {
        {"invalid_request", "The request is missing something, or has something that it may not."},
        {"unauthorized_client", "There is no such app, or it may not do this."},
        {"redirect_mismatch", "The app has not registered the address it wants to go back to."},
        {"login_pages_unavailable",
         "Login pages unavailable. Please contact an administrator. (COGNITO is not one of the "
         "app client's identity providers.)"},
        {"csrf", "The form is too old, or cookies are off. Go back to the app and begin again."},
    };
    struct str error = param(&web->query, "error");
    struct view view = {.title = "An error was encountered with the requested page"};

    view.text = STR("Go back to the app and try again.");
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (str_eq(error, str_c(known[i].error))) {
            view.text = str_c(known[i].words);
            view.problem = error;
        }
    }
    view_show(c, web, 400, &view);
    return OK;
}
