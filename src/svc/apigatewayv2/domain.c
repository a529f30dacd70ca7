/* SPDX-License-Identifier: Apache-2.0
 *
 * Custom domain names in memory, and where a request at one goes: to the stage of the longest
 * mapping key whose segments the path begins with; a mapping without a key takes the rest.
 */
#include "svc/apigatewayv2/domain.h"

#include "base/mem.h"
#include "cell/host.h"
#include "svc/apigatewayv2/record.h"
#include "svc/apigatewayv2/run.h"

#define NAME_BYTES_MAX 512

/* ---- mappings ---- */

static void mapping_done(struct domain_mapping *mapping)
{
    text_keep(&mapping->id, STR_NONE);
    text_keep(&mapping->key, STR_NONE);
    text_keep(&mapping->api_id, STR_NONE);
    text_keep(&mapping->stage, STR_NONE);
}

void domain_unmap(struct domain *domain, struct str id)
{
    for (size_t i = 0; i < domain->mapping_count; i++) {
        if (str_eq(domain->mappings[i].id, id)) {
            mapping_done(&domain->mappings[i]);
            domain->mapping_count--;
            memmove(&domain->mappings[i], &domain->mappings[i + 1],
                    (domain->mapping_count - i) * sizeof(domain->mappings[0]));
            return;
        }
    }
}

void domain_map(struct domain *domain, const struct value *record)
{
    struct domain_mapping mapping = {.id = STR_NONE};
    size_t place;

    domain_unmap(domain, get_str(record, "ApiMappingId"));
    text_keep(&mapping.id, get_str(record, "ApiMappingId"));
    text_keep(&mapping.key, get_str(record, "ApiMappingKey"));
    text_keep(&mapping.api_id, get_str(record, "ApiId"));
    text_keep(&mapping.stage, get_str(record, "Stage"));
    domain->mappings =
        mem_grow(domain->mappings, (domain->mapping_count + 1) * sizeof(mapping));
    for (place = domain->mapping_count;
         place > 0 && domain->mappings[place - 1].key.bytes < mapping.key.bytes; place--) {
        domain->mappings[place] = domain->mappings[place - 1];
    }
    domain->mappings[place] = mapping;
    domain->mapping_count++;
}

/* ---- names ---- */

static void domain_free(struct domain *domain)
{
    for (size_t i = 0; i < domain->mapping_count; i++) {
        mapping_done(&domain->mappings[i]);
    }
    mem_free(domain->mappings);
    text_keep(&domain->name, STR_NONE);
    text_keep(&domain->account, STR_NONE);
    text_keep(&domain->region, STR_NONE);
    mem_free(domain);
}

struct domain *domain_enter(struct gateway *gateway, struct str account, struct str region,
                            struct str name)
{
    struct domain *domain = MEM_NEW(struct domain);

    text_keep(&domain->name, name);
    text_keep(&domain->account, account);
    text_keep(&domain->region, region);
    domain->next = map_get(gateway->domains, name);
    if (!map_set(gateway->domains, name, domain, NULL)) {
        domain_free(domain);
        return NULL;
    }
    (void)cell_host_claim(gateway->cell, name, "apigatewayv2", &run_domain_page);
    return domain;
}

void domain_certificate(struct gateway *gateway, struct str name, const struct value *record)
{
    const struct value *configurations = get(record, "DomainNameConfigurations");

    if (configurations != NULL && configurations->count > 0) {
        cell_host_certificate(gateway->cell, name,
                              get_str(&configurations->items[0], "CertificateArn"));
    }
}

struct domain *domain_named(const struct gateway *gateway, struct str account, struct str region,
                            struct str name)
{
    struct domain *domain = map_get(gateway->domains, name);

    while (domain != NULL &&
           !(str_eq(domain->account, account) && str_eq(domain->region, region))) {
        domain = domain->next;
    }
    return domain;
}

void domain_leave(struct gateway *gateway, struct domain *domain)
{
    struct domain *first = map_get(gateway->domains, domain->name);

    if (first == domain && domain->next == NULL) {
        (void)map_remove(gateway->domains, domain->name);
        cell_host_leave(gateway->cell, domain->name);
    } else if (first == domain) {
        (void)map_set(gateway->domains, domain->name, domain->next, NULL);
    } else {
        while (first->next != domain) {
            first = first->next;
        }
        first->next = domain->next;
    }
    domain_free(domain);
}

void domains_free(struct gateway *gateway)
{
    struct str name;
    void *first;

    for (size_t i = 0; map_next(gateway->domains, &i, &name, &first);) {
        for (struct domain *domain = first; domain != NULL;) {
            struct domain *next = domain->next;

            domain_free(domain);
            domain = next;
        }
    }
    map_free(gateway->domains);
}

/* ---- requests ---- */

static struct domain *domain_of_host(const struct gateway *gateway, struct str host)
{
    char name[NAME_BYTES_MAX];
    size_t dot = str_find(host, '.', 0);
    struct domain *domain;

    if (host.bytes == 0 || host.bytes >= NAME_BYTES_MAX || map_count(gateway->domains) == 0) {
        return NULL;
    }
    for (size_t i = 0; i < host.bytes; i++) {
        char letter = host.at[i];

        name[i] = letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
    }
    domain = map_get(gateway->domains, str_of(name, host.bytes));
    if (domain != NULL || dot == 0 || dot == host.bytes) {
        return domain;
    }
    name[dot - 1] = '*';
    return map_get(gateway->domains, str_of(name + dot - 1, host.bytes - dot + 1));
}

/* The path begins with the key's segments. */
static bool mapping_fits(const struct domain_mapping *mapping, struct str path,
                         struct str *ret_rest)
{
    struct str rest;

    if (mapping->key.bytes == 0) {
        *ret_rest = path.bytes == 0 ? STR("/") : path;
        return true;
    }
    if (path.bytes == 0 || !str_starts(str_slice(path, 1, path.bytes), mapping->key)) {
        return false;
    }
    rest = str_slice(path, 1 + mapping->key.bytes, path.bytes);
    if (rest.bytes > 0 && rest.at[0] != '/') {
        return false;
    }
    *ret_rest = rest.bytes == 0 ? STR("/") : rest;
    return true;
}

bool domain_find(struct call *c, struct str host, struct str path, struct domain_match *ret_match)
{
    const struct domain *first = domain_of_host(gateway_of(c), host);

    *ret_match = (struct domain_match){.domain = first, .rest = path};
    for (const struct domain *domain = first; domain != NULL; domain = domain->next) {
        for (size_t i = 0; i < domain->mapping_count; i++) {
            if (mapping_fits(&domain->mappings[i], path, &ret_match->rest)) {
                ret_match->domain = domain;
                ret_match->mapping = &domain->mappings[i];
                return true;
            }
        }
    }
    return first != NULL;
}
