/* SPDX-License-Identifier: Apache-2.0
 *
 * Regular expressions of filter patterns: a small language, checked letter by letter before PCRE2
 * sees it. No parentheses, no white space, nothing beyond ASCII; so there are no subpatterns, no
 * look-around and no back references, and what is left is fast. A match has a limit of steps
 * nevertheless; beyond it there is none.
 */
#include "svc/logs/filter_int.h"

#include "base/mem.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define MATCH_STEPS_MAX 100000

struct regex {
    pcre2_code *code;           /* compiled */
    pcre2_match_data *data;     /* room for one pair of offsets, used by every match */
    pcre2_match_context *limit; /* how long a match may take */
};

static bool is_one_of(char ch, const char *set)
{
    return ch != '\0' && strchr(set, ch) != NULL;
}

static bool is_alphanumeric(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
}

static bool is_hex(char ch)
{
    return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F');
}

/* Bytes of the escape that begins at that backslash; 0: it is none. */
static size_t escape_bytes(struct str text, size_t at)
{
    char ch = at + 1 < text.bytes ? text.at[at + 1] : '\0';

    if (ch == 'x') {
        return at + 3 < text.bytes && is_hex(text.at[at + 2]) && is_hex(text.at[at + 3]) ? 4 : 0;
    }
    return is_one_of(ch, "dDsSwW") || (ch != '\0' && (unsigned char)ch < 0x80 &&
                                       !is_alphanumeric(ch))
               ? 2
               : 0;
}

static status letters_check(struct str text, struct why *why)
{
    size_t at = 0;

    while (at < text.bytes) {
        char ch = text.at[at];
        size_t bytes = 1;

        if (ch == '\\') {
            bytes = escape_bytes(text, at);
        } else if (!is_alphanumeric(ch) && !is_one_of(ch, ":_#=@/;,-^$?[]{}|*+.")) {
            bytes = 0;
        }
        if (bytes == 0) {
            return why_set(why, &ERR_MALFORMED, "Invalid character in regex '%.*s'",
                           STR_ARG(text));
        }
        at += bytes;
    }
    return text.bytes > 0 ? OK : why_set(why, &ERR_MALFORMED, "Empty regex in filter pattern");
}

status regex_new(struct str text, struct why *why, struct regex **ret_regex)
{
    struct regex *regex;
    pcre2_code *code;
    int error;
    PCRE2_SIZE at;

    TRY(letters_check(text, why));
    code = pcre2_compile((PCRE2_SPTR)text.at, text.bytes, PCRE2_DOLLAR_ENDONLY, &error, &at, NULL);
    if (code == NULL) {
        return why_set(why, &ERR_MALFORMED, "Invalid regex '%.*s'", STR_ARG(text));
    }
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    regex = MEM_NEW(struct regex);
    regex->code = code;
    regex->data = pcre2_match_data_create(1, NULL);
    regex->limit = pcre2_match_context_create(NULL);
    if (regex->data == NULL || regex->limit == NULL) {
        regex_free(regex);
        return why_set(why, &ERR_LIMIT, "There is no memory for a regex");
    }
    pcre2_set_match_limit(regex->limit, MATCH_STEPS_MAX);
    *ret_regex = regex;
    return OK;
}

void regex_free(struct regex *regex)
{
    if (regex != NULL) {
        pcre2_match_context_free(regex->limit);
        pcre2_match_data_free(regex->data);
        pcre2_code_free(regex->code);
        mem_free(regex);
    }
}

bool regex_match(const struct regex *regex, struct str text)
{
    return pcre2_match(regex->code, (PCRE2_SPTR)(text.at == NULL ? "" : text.at), text.bytes, 0, 0,
                       regex->data, regex->limit) >= 0;
}
