/* SPDX-License-Identifier: Apache-2.0
 *
 * What a region has beside its stacks: exports, imports, limits.
 */
#include "svc/cloudformation/cloudformation_ops.h"

/* ListExports */
status cfn_list_exports(struct call *c)
{
    struct value all = exports_all(c);
    struct value *list;
    uint64_t from;

    TRY(page_begin(c, &from));
    list = put_list(c, "Exports", LIST_PAGE);
    for (uint64_t i = from; i < all.count && i < from + LIST_PAGE; i++) {
        struct value *told = list_add(c->arena, list);

        set_str(told, "ExportingStackId", map_str(&all.items[i], "stack"));
        set_str(told, "Name", map_str(&all.items[i], "name"));
        set_str(told, "Value", map_str(&all.items[i], "value"));
    }
    if (all.count > from + LIST_PAGE) {
        page_end(c, from + LIST_PAGE);
    }
    return OK;
}

/* ListImports */
status cfn_list_imports(struct call *c)
{
    struct str name = arg_str(c, "ExportName");
    struct value users;
    struct value *list;

    if (export_get(c, name) == NULL) {
        return fail(c, &CFN_VALIDATION, "Export '%.*s' does not exist.",
                    STR_ARG(str_slice(name, 0, 512)));
    }
    users = export_users(c, name);
    if (users.count == 0) {
        return fail(c, &CFN_VALIDATION, "Export '%.*s' is not imported by any stack.",
                    STR_ARG(str_slice(name, 0, 512)));
    }
    list = put_list(c, "Imports", users.count);
    for (uint32_t i = 0; i < users.count; i++) {
        list_add_str(list, users.items[i].str);
    }
    return OK;
}

/* DescribeAccountLimits */
status cfn_account_limits(struct call *c)
{
    static const struct {
        const char *name; /* as AWS calls it */
        int64_t value;    /* of it */
    } limits[] = {
        {"StackLimit", STACKS_MAX},
        {"StackOutputsLimit", TEMPLATE_OUTPUTS_MAX},
        {"ConcurrentResourcesLimit", 2500},
    };
    struct value *list = put_list(c, "AccountLimits", sizeof(limits) / sizeof(limits[0]));

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct value *told = list_add(c->arena, list);

        set_str(told, "Name", str_c(limits[i].name));
        set_int(told, "Value", limits[i].value);
    }
    return OK;
}
