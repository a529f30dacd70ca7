/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/1.1 request heads (RFC 9112, 9110). Two passes: http1_scan() finds the lines' ends, 16 bytes
 * at a step, and sees every control character on its way; http1_parse() then reads the lines where
 * they lie, in the exchange's arena.
 *
 * Rules, all answered 400 unless said:
 *   1. A line ends with CR LF. No other control character but the tab stands anywhere.
 *   2. The request line is method SP target SP HTTP/d.d, single spaces. Majors but 1: 505.
 *   3. The target is a path, an absolute http(s) URI, or * for OPTIONS; no fragment, no controls.
 *      CONNECT is 501.
 *   4. A field is a token, at once a colon, a value; so no obs-fold and no space before the colon.
 *   5. Host: exactly one in HTTP/1.1, at most one in 1.0, only characters of an authority.
 *   6. Content-length: at most one, digits only, at most 18 of them; never with transfer-encoding.
 *   7. Transfer-encoding: one field, "chunked" and nothing else (others: 501), not in HTTP/1.0.
 *   8. Expect: 100-continue or 417.
 *   9. Too long: 414 for the target, 431 for the rest.
 */
#include "net/http1_parse.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define METHOD_BYTES_MAX 32
#define VERSION_BYTES 9 /* " HTTP/1.1" */
#define LENGTH_DIGITS_MAX 18
#define REQUEST_LINE_BYTES_MAX (METHOD_BYTES_MAX + 1 + HTTP_TARGET_BYTES_MAX + VERSION_BYTES)

/* clang-format off */
const unsigned char http_token[256] = {
    ['!'] = '!', ['#'] = '#', ['$'] = '$', ['%'] = '%', ['&'] = '&', ['\''] = '\'', ['*'] = '*',
    ['+'] = '+', ['-'] = '-', ['.'] = '.', ['^'] = '^', ['_'] = '_', ['`'] = '`', ['|'] = '|',
    ['~'] = '~',
    ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6',
    ['7'] = '7', ['8'] = '8', ['9'] = '9',
    ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g',
    ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n',
    ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u',
    ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z',
    ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g',
    ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n',
    ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u',
    ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z',
};
/* clang-format on */

/* Offset of the first control character but tab in [from, to), or to. */
static size_t find_control(const char *at, size_t from, size_t to)
{
#ifdef __SSE2__
    const __m128i last_control = _mm_set1_epi8(0x1f);
    const __m128i tab = _mm_set1_epi8('\t');
    const __m128i del = _mm_set1_epi8(0x7f);

    for (; from + 16 <= to; from += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(at + from));
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(x, last_control), x);
        __m128i hit = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(x, tab), low),
                                   _mm_cmpeq_epi8(x, del));
        int mask = _mm_movemask_epi8(hit);

        if (mask != 0) {
            return from + (size_t)__builtin_ctz((unsigned)mask);
        }
    }
#endif
    for (; from < to; from++) {
        unsigned char c = (unsigned char)at[from];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return from;
        }
    }
    return to;
}

static enum head_scan scan_wrong(int status_code, int *ret_status_code)
{
    *ret_status_code = status_code;
    return HEAD_WRONG;
}

static enum head_scan scan_on(struct http1 *h, struct str bytes, struct head_lines *lines,
                              size_t *ret_bytes, int *ret_status_code)
{
    size_t limit = bytes.bytes < HTTP_HEAD_BYTES_MAX ? bytes.bytes : HTTP_HEAD_BYTES_MAX;

    for (;;) {
        size_t at = find_control(bytes.at, h->scan_at, limit);

        h->scan_at = at;
        if (h->scan_lines == 0 && at > REQUEST_LINE_BYTES_MAX) {
            return scan_wrong(414, ret_status_code);
        }
        if (at + 1 >= limit) {
            /* A lone CR at the end waits for its LF; any other control is wrong already. */
            if (at < limit && bytes.at[at] != '\r') {
                return scan_wrong(400, ret_status_code);
            }
            return limit == HTTP_HEAD_BYTES_MAX ? scan_wrong(431, ret_status_code) : HEAD_MORE;
        }
        if (bytes.at[at] != '\r' || bytes.at[at + 1] != '\n') {
            return scan_wrong(400, ret_status_code);
        }
        if (at == h->scan_line) {
            lines->count = h->scan_lines;
            *ret_bytes = at + 2;
            return h->scan_lines > 0 ? HEAD_WHOLE : scan_wrong(400, ret_status_code);
        }
        if (h->scan_lines > HTTP_HEADERS_MAX) {
            return scan_wrong(431, ret_status_code);
        }
        lines->ends[h->scan_lines++] = (uint32_t)at;
        h->scan_at = h->scan_line = at + 2;
    }
}

enum head_scan http1_scan(struct http1 *h, struct str bytes, struct head_lines *ret_lines,
                          size_t *ret_bytes, int *ret_status_code)
{
    bool in_pieces = h->scan_lines > 0;
    enum head_scan found = scan_on(h, bytes, ret_lines, ret_bytes, ret_status_code);

    if (found == HEAD_WHOLE) {
        h->scan_at = h->scan_line = h->scan_lines = 0;
        if (in_pieces) {
            /* The ends seen by earlier calls were not kept: all again, once. */
            found = scan_on(h, bytes, ret_lines, ret_bytes, ret_status_code);
            h->scan_at = h->scan_line = h->scan_lines = 0;
        }
    }
    return found;
}

bool http_is_authority(struct str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        char c = s.at[i];

        if (http_token[(unsigned char)c] != 0 && c != '#' && c != '^' && c != '`' && c != '|') {
            continue;
        }
        if (c == '\0' || strchr("():;,=[]", c) == NULL) {
            return false;
        }
    }
    return true;
}

/* http://authority/path?query: the authority takes the place of Host's. */
static int parse_absolute(struct str target, struct str *ret_path, struct str *ret_authority)
{
    size_t skip = str_starts_nocase(target, STR("http://"))    ? 7
                  : str_starts_nocase(target, STR("https://")) ? 8
                                                               : 0;
    size_t end = skip;

    if (skip == 0) {
        return 400;
    }
    while (end < target.bytes && target.at[end] != '/' && target.at[end] != '?') {
        end++;
    }
    *ret_authority = str_slice(target, skip, end);
    *ret_path = str_slice(target, end, target.bytes);
    return ret_authority->bytes > 0 && http_is_authority(*ret_authority) ? 0 : 400;
}

int http_target(struct http_request *r)
{
    struct str rest = r->target;
    size_t mark;

    for (size_t i = 0; i < rest.bytes; i++) {
        if (rest.at[i] == ' ' || rest.at[i] == '\t' || rest.at[i] == '#') {
            return 400;
        }
    }
    if (rest.at[0] != '/') {
        if (!(str_eq(rest, STR("*")) && str_eq(r->method, STR("OPTIONS")))) {
            int status_code = parse_absolute(r->target, &rest, &r->authority);

            if (status_code != 0) {
                return status_code;
            }
        }
    }
    mark = str_find(rest, '?', 0);
    r->path = str_slice(rest, 0, mark);
    r->query = str_slice(rest, mark + 1, rest.bytes);
    if (r->path.bytes == 0) {
        r->path = STR("/");
    }
    return 0;
}

static int parse_request_line(struct str line, struct http_request *r, struct http1_head *head)
{
    size_t i = 0;
    const char *version;

    while (i < line.bytes && http_token[(unsigned char)line.at[i]] != 0) {
        i++;
    }
    if (i == 0 || i > METHOD_BYTES_MAX || i == line.bytes || line.at[i] != ' ') {
        return 400;
    }
    r->method = str_slice(line, 0, i);
    if (line.bytes < i + 2 + VERSION_BYTES) {
        return 400;
    }
    version = line.at + line.bytes - VERSION_BYTES;
    r->target = str_slice(line, i + 1, line.bytes - VERSION_BYTES);
    if (memcmp(version, " HTTP/", 6) != 0 || version[7] != '.' || version[6] < '0' ||
        version[6] > '9' || version[8] < '0' || version[8] > '9') {
        return 400;
    }
    if (version[6] != '1') {
        return 505;
    }
    head->version_10 = version[8] == '0';
    r->version = 11;
    if (r->target.bytes > HTTP_TARGET_BYTES_MAX) {
        return 414;
    }
    if (str_eq(r->method, STR("CONNECT"))) {
        return 501;
    }
    return http_target(r);
}

static int parse_length(struct str value, struct http1_head *head)
{
    uint64_t number = 0;

    if (head->has_length || value.bytes == 0 || value.bytes > LENGTH_DIGITS_MAX) {
        return 400;
    }
    for (size_t i = 0; i < value.bytes; i++) {
        if (value.at[i] < '0' || value.at[i] > '9') {
            return 400;
        }
        number = number * 10 + (uint64_t)(value.at[i] - '0');
    }
    head->content_length = number;
    head->has_length = true;
    return 0;
}

static int parse_coding(struct str value, struct http1_head *head)
{
    if (head->chunked) {
        return 400;
    }
    if (!str_eq_nocase(value, STR("chunked"))) {
        struct str first = value;

        /* Lists that name chunked wrongly are traps; a coding we do not know is only unknown. */
        first = str_trim(str_split(&value, ','));
        return first.bytes == 0 || str_eq_nocase(first, STR("chunked")) ? 400 : 501;
    }
    head->chunked = true;
    return 0;
}

static int parse_host(struct str value, bool *host_seen, struct http_request *r)
{
    if (*host_seen || !http_is_authority(value)) {
        return 400;
    }
    *host_seen = true;
    if (r->authority.at == NULL) {
        r->authority = value;
    }
    return 0;
}

static void parse_connection(struct str value, struct http1_head *head)
{
    while (value.at != NULL) {
        struct str option = str_trim(str_split(&value, ','));

        head->says_close |= str_eq_nocase(option, STR("close"));
        head->says_keep_alive |= str_eq_nocase(option, STR("keep-alive"));
        head->says_upgrade |= str_eq_nocase(option, STR("upgrade"));
    }
}

/* The few fields that net itself obeys. */
static int parse_meaning(const struct http_header *field, bool *host_seen, struct http_request *r,
                         struct http1_head *head)
{
    switch (field->name.bytes) {
    case 4:
        if (memcmp(field->name.at, "host", 4) == 0) {
            return parse_host(field->value, host_seen, r);
        }
        break;
    case 6:
        if (memcmp(field->name.at, "expect", 6) == 0) {
            head->expects_continue = str_eq_nocase(field->value, STR("100-continue"));
            return head->expects_continue ? 0 : 417;
        }
        break;
    case 7:
        if (memcmp(field->name.at, "upgrade", 7) == 0) {
            head->upgrade_h2c |= str_eq(field->value, STR("h2c"));
        }
        break;
    case 10:
        if (memcmp(field->name.at, "connection", 10) == 0) {
            parse_connection(field->value, head);
        }
        break;
    case 14:
        if (memcmp(field->name.at, "content-length", 14) == 0) {
            return parse_length(field->value, head);
        }
        if (memcmp(field->name.at, "http2-settings", 14) == 0) {
            head->settings = field->value;
        }
        break;
    case 17:
        if (memcmp(field->name.at, "transfer-encoding", 17) == 0) {
            return parse_coding(field->value, head);
        }
        break;
    default:
        break;
    }
    return 0;
}

static int parse_field(char *line, size_t bytes, struct http_header *ret_field)
{
    size_t i = 0;
    unsigned char lower;

    while (i < bytes && (lower = http_token[(unsigned char)line[i]]) != 0) {
        line[i++] = (char)lower;
    }
    if (i == 0 || i == bytes || line[i] != ':') {
        return 400;
    }
    ret_field->name = str_of(line, i);
    ret_field->value = str_trim(str_of(line + i + 1, bytes - i - 1));
    return 0;
}

int http1_parse(struct arena *arena, char *head, const struct head_lines *lines,
                struct http_request *ret_request, struct http1_head *ret_head)
{
    struct http_request *r = ret_request;
    struct http_header *fields;
    bool host_seen = false;
    int status_code;

    assert(lines->count > 0);
    *ret_head = (struct http1_head){.content_length = 0};
    status_code = parse_request_line(str_of(head, lines->ends[0]), r, ret_head);
    if (status_code != 0) {
        return status_code;
    }
    fields = arena_alloc(arena, lines->count * sizeof *fields);
    r->headers = fields;
    r->header_count = lines->count - 1;
    for (uint32_t i = 1; i < lines->count; i++) {
        uint32_t start = lines->ends[i - 1] + 2;

        status_code = parse_field(head + start, lines->ends[i] - start, &fields[i - 1]);
        if (status_code == 0) {
            status_code = parse_meaning(&fields[i - 1], &host_seen, r, ret_head);
        }
        if (status_code != 0) {
            return status_code;
        }
    }
    if (!host_seen && !ret_head->version_10) {
        return 400;
    }
    if (ret_head->chunked && (ret_head->has_length || ret_head->version_10)) {
        return 400;
    }
    return 0;
}
