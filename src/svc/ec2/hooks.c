/* SPDX-License-Identifier: Apache-2.0
 *
 * What EC2's records have beside their properties: a network's main route table, default group and
 * access list, a group's rules, an instance's address.
 */
#include "cell/shelf.h"
#include "svc/ec2/ec2_int.h"

/* ---- networks ---- */

status ec2_vpc_filled(struct resource *r, struct value *item)
{
    struct value *list;
    struct value *one;

    if (has(item, "CidrBlockAssociationSet") || !has(item, "CidrBlock")) {
        return OK;
    }
    list = set_list(r->c->arena, item, "CidrBlockAssociationSet", 1);
    one = list_add(r->c->arena, list);
    set_str(one, "AssociationId",
            record_text(r, "vpc-cidr-assoc-${hex17}", STR(""), STR("")));
    set_str(one, "CidrBlock", get_str(item, "CidrBlock"));
    set_str(set_struct(r->c->arena, one, "CidrBlockState"), "State", STR("associated"));
    return OK;
}

static const char main_table[] =
    "{\"OwnerId\":\"${account}\",\"Associations\":[{\"Main\":true,"
    "\"RouteTableAssociationId\":\"rtbassoc-${hex17}\",\"RouteTableId\":\"${id}\","
    "\"AssociationState\":{\"State\":\"associated\"}}],\"Routes\":[{"
    "\"DestinationCidrBlock\":\"${CidrBlock}\",\"GatewayId\":\"local\","
    "\"Origin\":\"CreateRouteTable\",\"State\":\"active\"}]}";
static const char default_group[] =
    "{\"OwnerId\":\"${account}\",\"GroupName\":\"default\",\"Description\":"
    "\"default VPC security group\",\"IpPermissions\":[{\"IpProtocol\":\"-1\","
    "\"UserIdGroupPairs\":[{\"GroupId\":\"${id}\",\"UserId\":\"${account}\"}]}],"
    "\"IpPermissionsEgress\":[{\"IpProtocol\":\"-1\",\"IpRanges\":[{\"CidrIp\":"
    "\"0.0.0.0/0\"}]}]}";
static const char default_acl[] =
    "{\"OwnerId\":\"${account}\",\"IsDefault\":true,\"Associations\":[],\"Entries\":[]}";

/* One of what every network has from its first moment. */
static void make_beside(struct resource *r, const struct record_kind *kind, const char *id_form,
                        const char *about)
{
    struct str id = record_text(r, id_form, STR(""), STR(""));
    struct value *item = record_beside(r, kind, id, about);

    set_str(item, "VpcId", r->id);
    record_put(r->c, kind, item);
    resource_note(r, kind->name, id);
}

status ec2_vpc_make(struct resource *r)
{
    TRY(record_make(r));
    make_beside(r, &ec2_route_table, "rtb-${hex17}", main_table);
    make_beside(r, &ec2_group, "sg-${hex17}", default_group);
    make_beside(r, &ec2_acl, "acl-${hex17}", default_acl);
    return OK;
}

status ec2_vpc_remove(struct resource *r)
{
    static const struct record_kind *const kinds[] = {&ec2_route_table, &ec2_group, &ec2_acl};

    TRY(record_remove(r));
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        record_beside_remove(r->c, kinds[i], resource_noted(r, kinds[i]->name));
    }
    return OK;
}

void ec2_vpc_tell(struct resource *r, const struct value *item)
{
    const struct value *sets = get(item, "CidrBlockAssociationSet");
    struct value *ids = ARENA_NEW(r->c->arena, struct value);
    struct value *none = ARENA_NEW(r->c->arena, struct value);

    ids->kind = VALUE_LIST;
    none->kind = VALUE_LIST;
    for (uint32_t i = 0; sets != NULL && i < sets->count; i++) {
        *doc_add(r->c->arena, ids) = (struct value){
            .kind = VALUE_STR, .str = get_str(&sets->items[i], "AssociationId")};
    }
    resource_attribute_of(r, "CidrBlockAssociations", ids);
    resource_attribute_of(r, "Ipv6CidrBlocks", none);
    resource_attribute(r, "DefaultNetworkAcl", resource_noted(r, ec2_acl.name));
    resource_attribute(r, "DefaultSecurityGroup", resource_noted(r, ec2_group.name));
}

/* Addresses of a block without the five that AWS keeps; 0: no such block. */
static int64_t free_addresses(struct str block)
{
    int64_t bits = 0;
    struct str size = str_slice(block, str_find(block, '/', 0) + 1, block.bytes);

    if (!str_to_i64(size, &bits) || bits < 1 || bits > 32) {
        return 0;
    }
    return bits > 28 ? 0 : (INT64_C(1) << (32 - bits)) - 5;
}

status ec2_subnet_filled(struct resource *r, struct value *item)
{
    if (record_get(r->c, &ec2_vpc, get_str(item, "VpcId")) == NULL) {
        return resource_fail(r, ec2_vpc.missing, ec2_vpc.missing_words,
                             STR_ARG(get_str(item, "VpcId")));
    }
    set_int(item, "AvailableIpAddressCount", free_addresses(get_str(item, "CidrBlock")));
    return OK;
}

/* ---- addresses ---- */

status ec2_address_filled(struct resource *r, struct value *item)
{
    if (!has(item, "PublicIp")) { /* of the block that RFC 5737 keeps for examples */
        set_str(item, "PublicIp",
                arena_printf(r->c->arena, "203.0.113.%d",
                             1 + (int)rand_below(r->c->rand, 254)));
    }
    return OK;
}

static const char *const associated[] = {"InstanceId", "NetworkInterfaceId", "PrivateIpAddress"};

status ec2_association_make(struct resource *r)
{
    struct str allocation = resource_str(r, "AllocationId");
    struct value *address = record_get(r->c, &ec2_address, allocation);
    struct str id = record_text(r, "eipassoc-${hex17}", STR(""), STR(""));

    if (address == NULL) {
        return resource_fail(r, ec2_address.missing, ec2_address.missing_words,
                             STR_ARG(allocation));
    }
    set_str(address, "AssociationId", id);
    for (size_t i = 0; i < sizeof(associated) / sizeof(associated[0]); i++) {
        if (resource_get(r, associated[i]) != NULL) {
            set_str(address, associated[i], resource_str(r, associated[i]));
        }
    }
    record_put(r->c, &ec2_address, address);
    r->id = id;
    return OK;
}

status ec2_association_remove(struct resource *r)
{
    struct value *address = record_get(r->c, &ec2_address, resource_str(r, "AllocationId"));

    if (address == NULL || !str_eq(get_str(address, "AssociationId"), r->id)) {
        return &ERR_NOT_FOUND;
    }
    unset(address, "AssociationId");
    for (size_t i = 0; i < sizeof(associated) / sizeof(associated[0]); i++) {
        unset(address, associated[i]);
    }
    record_put(r->c, &ec2_address, address);
    return OK;
}

/* ---- security groups ---- */

static void say_text(struct resource *r, const struct value *rule, const char *from,
                     struct value *to, const char *member)
{
    struct str text = doc_text(r->c->arena, doc_get(rule, from));

    if (text.at != NULL) {
        set_str(to, member, text);
    }
}

static void say_port(struct resource *r, const struct value *rule, const char *port,
                     struct value *entry)
{
    int64_t number = 0;

    if (str_to_i64(doc_text(r->c->arena, doc_get(rule, port)), &number)) {
        set_int(entry, port, number);
    }
}

/* A peer of a rule: a template's words, the permission's list, the list's member. */
struct peer {
    const char *property, *list, *member; /* their names */
};

/* A template's rule as a permission. */
static void permission_say(struct resource *r, const struct value *rule, struct value *entry)
{
    static const char *const lists[] = {"IpRanges", "Ipv6Ranges", "UserIdGroupPairs",
                                        "PrefixListIds"};
    static const struct peer peers[] = {
        {"CidrIp", "IpRanges", "CidrIp"},
        {"CidrIpv6", "Ipv6Ranges", "CidrIpv6"},
        {"SourceSecurityGroupId", "UserIdGroupPairs", "GroupId"},
        {"DestinationSecurityGroupId", "UserIdGroupPairs", "GroupId"},
        {"SourceSecurityGroupName", "UserIdGroupPairs", "GroupName"},
        {"SourcePrefixListId", "PrefixListIds", "PrefixListId"},
        {"DestinationPrefixListId", "PrefixListIds", "PrefixListId"},
    };

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        (void)set_list(r->c->arena, entry, lists[i], 0);
    }
    say_text(r, rule, "IpProtocol", entry, "IpProtocol");
    say_port(r, rule, "FromPort", entry);
    say_port(r, rule, "ToPort", entry);
    for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
        struct value *one;

        if (doc_get(rule, peers[i].property) == NULL) {
            continue;
        }
        one = list_add(r->c->arena, set_list(r->c->arena, entry, peers[i].list, 1));
        say_text(r, rule, peers[i].property, one, peers[i].member);
        say_text(r, rule, "Description", one, "Description");
        if (strcmp(peers[i].list, "UserIdGroupPairs") == 0) {
            set_str(one, "UserId", r->c->account);
        }
    }
}

static uint32_t rule_count(const struct value *rules)
{
    return rules == NULL || rules->kind != VALUE_LIST ? 0 : rules->count;
}

/* Is that permission one of these rules? */
static bool is_of_rules(struct resource *r, const struct value *rules,
                        const struct value *permission)
{
    struct str text = doc_json(r->c->arena, permission);

    for (uint32_t i = 0; i < rule_count(rules); i++) {
        struct value *said = value_struct(r->c->arena, permission->shape);

        permission_say(r, &rules->items[i], said);
        if (str_eq(doc_json(r->c->arena, said), text)) {
            return true;
        }
    }
    return false;
}

/* The group's own rules; those that resources beside it added stay. */
static void permissions_say(struct resource *r, const char *property, struct value *item,
                            const char *member)
{
    const struct value *had = r->had == NULL ? NULL : doc_get(r->had, property);
    const struct value *rules = resource_get(r, property);
    const struct value *were = r->had == NULL ? NULL : get(item, member);
    struct value *list = NULL;

    were = were == NULL ? NULL : doc_copy(r->c->arena, were);
    list = set_list(r->c->arena, item, member, rule_count(rules) + rule_count(were));
    for (uint32_t i = 0; i < rule_count(were); i++) {
        if (!is_of_rules(r, had, &were->items[i])) {
            *list_add(r->c->arena, list) = were->items[i];
        }
    }
    for (uint32_t i = 0; i < rule_count(rules); i++) {
        permission_say(r, &rules->items[i], list_add(r->c->arena, list));
    }
}

/* What may leave when nobody says: everything. */
static const struct value *all_out(struct resource *r)
{
    struct value *rules = ARENA_NEW(r->c->arena, struct value);
    struct value *rule = NULL;

    rules->kind = VALUE_LIST;
    rule = doc_add(r->c->arena, rules);
    rule->kind = VALUE_MAP;
    doc_put_text(r->c->arena, rule, "IpProtocol", STR("-1"));
    doc_put_text(r->c->arena, rule, "CidrIp", STR("0.0.0.0/0"));
    return rules;
}

/* Properties with all_out() in place of what is not said. */
static const struct value *with_egress(struct resource *r, const struct value *properties)
{
    struct value *whole = NULL;

    if (properties == NULL || doc_get(properties, "SecurityGroupEgress") != NULL) {
        return properties;
    }
    whole = doc_copy(r->c->arena, properties);
    *doc_put(r->c->arena, whole, STR("SecurityGroupEgress")) = *all_out(r);
    return whole;
}

status ec2_group_filled(struct resource *r, struct value *item)
{
    struct resource whole = *r;

    whole.want = with_egress(r, r->want);
    whole.had = with_egress(r, r->had);
    permissions_say(&whole, "SecurityGroupIngress", item, "IpPermissions");
    permissions_say(&whole, "SecurityGroupEgress", item, "IpPermissionsEgress");
    return OK;
}

status ec2_rule_filled(struct resource *r, struct value *entry)
{
    permission_say(r, r->want, entry);
    return OK;
}

/* ---- machines ---- */

status ec2_instance_filled(struct resource *r, struct value *item)
{
    const struct value *groups = resource_get(r, "SecurityGroupIds");
    struct value *list = set_list(r->c->arena, item, "SecurityGroups",
                                  groups == NULL ? 0 : groups->count);
    struct str zone = resource_str(r, "AvailabilityZone");
    struct str subnet = resource_str(r, "SubnetId");
    const struct value *in = subnet.at == NULL ? NULL : record_get(r->c, &ec2_subnet, subnet);

    for (uint32_t i = 0; groups != NULL && i < groups->count; i++) {
        set_str(list_add(r->c->arena, list), "GroupId",
                doc_text(r->c->arena, &groups->items[i]));
    }
    if (in != NULL) {
        set_str(item, "VpcId", get_str(in, "VpcId"));
        zone = get_str(in, "AvailabilityZone");
    }
    set_str(set_struct(r->c->arena, item, "Placement"), "AvailabilityZone",
            zone.at == NULL ? record_text(r, "${region}a", STR(""), STR("")) : zone);
    if (!has(item, "PrivateIpAddress")) {
        set_str(item, "PrivateIpAddress",
                arena_printf(r->c->arena, "10.0.%d.%d", (int)rand_below(r->c->rand, 256),
                             4 + (int)rand_below(r->c->rand, 250)));
    }
    return OK;
}

void ec2_instance_tell(struct resource *r, const struct value *item)
{
    resource_attribute(r, "AvailabilityZone",
                       get_str(get(item, "Placement"), "AvailabilityZone"));
    resource_attribute(r, "PrivateIp", get_str(item, "PrivateIpAddress"));
    resource_attribute(r, "PrivateDnsName", STR(""));
    resource_attribute(r, "PublicDnsName", STR(""));
    resource_attribute(r, "PublicIp", STR(""));
}

void ec2_template_tell(struct resource *r, const struct value *item)
{
    (void)item;
    resource_attribute(r, "DefaultVersionNumber", STR("1"));
    resource_attribute(r, "LatestVersionNumber", STR("1"));
}
