// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// The kernel's side of the slots: what becomes of every frame that leaves a sandbox or is meant for one.
//
// All policy is at one place, the hub's end of a slot's veth (hub_from_slot); what is meant for a slot comes in by the uplink
// or by the tunnel and passes deliver(). The programs inside a slot only join its interface with its tap. See
// docs/slot-network.md.
#include "flows.h"
#include "packet.h"
#include "slot_maps.h"

/* In a section of its own, which is nothing but this. */
const volatile struct slot_settings settings SEC(".rodata.settings") = {};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, struct slot_entry);
    __uint(max_entries, 1); /* the server sets it */
} slots SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __type(key, __u32);
    __type(value, struct slot_counters);
    __uint(max_entries, 1); /* the server sets it */
} counters SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, struct slot_bucket);
    __uint(max_entries, 1); /* the server sets it */
} buckets SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __type(key, struct slot_destination);
    __type(value, __u8);
    __uint(max_entries, 256);
    __uint(map_flags, BPF_F_NO_PREALLOC);
} denied SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __type(key, struct slot_route_key);
    __type(value, struct slot_route);
    __uint(max_entries, 16384);
    __uint(map_flags, BPF_F_NO_PREALLOC);
} routes SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, struct slot_resident);
    __type(value, __u32);
    __uint(max_entries, 16384);
} residents SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u32);
    __uint(max_entries, 1); /* the server sets it */
} trunks SEC(".maps");

/* The same in every slot, so that a snapshot finds in each what it was frozen with. */
static const __u8 interface_mac[ETH_ALEN] = {0x02, 0x54, 0x48, 0x41, 0x57, 0x02};
static const __u8 machine_mac[ETH_ALEN] = {0x02, 0x54, 0x48, 0x41, 0x57, 0x01};
static const __u8 gateway_mac[ETH_ALEN] = {0x02, 0x54, 0x48, 0x41, 0x57, 0xfe};
/* The host's end of the uplink. */
static const __u8 host_mac[ETH_ALEN] = {0x02, 0x54, 0x48, 0x41, 0x57, 0xf0};
#define guest_address bpf_htonl(0xa9fe0015u) /* 169.254.0.21 */
#define gateway_address bpf_htonl(0xa9fe0016u) /* 169.254.0.22 */

struct slot {
    struct slot_entry *entry;
    struct slot_counters *counters;
    __u32 index;
};

static __always_inline int find_slot(__u32 index, struct slot *slot) {
    slot->index = index;
    slot->entry = bpf_map_lookup_elem(&slots, &index);
    slot->counters = bpf_map_lookup_elem(&counters, &index);
    return slot->entry && slot->counters ? 0 : -1;
}

static __always_inline int drop(struct slot *slot, enum slot_drop_reason reason) {
    slot->counters->dropped[reason]++;
    return TC_ACT_SHOT;
}

static __always_inline const __u8 *occupant_mac(const struct slot *slot) {
    return slot->entry->occupant ? machine_mac : interface_mac;
}

/* The guest's station in a virtual network: addresses are unique there, so this is too, on whatever host. */
static __always_inline void network_mac(__be32 address, __u8 *mac) {
    mac[0] = 0x02;
    mac[1] = 0x54;
    __builtin_memcpy(mac + 2, &address, sizeof address);
}

static __always_inline int is_denied(__be32 destination, __u8 mode) {
    struct slot_destination key = {32, destination};
    const __u8 *modes = bpf_map_lookup_elem(&denied, &key);
    return modes && *modes & 1 << mode;
}

/* A token bucket. Two CPUs may both spend the last token: a slot has one guest, and the error is one packet. */
static __always_inline int exceeds_rate(struct __sk_buff *skb, __u32 index) {
    if (!settings.bytes_per_second) return 0;
    struct slot_bucket *bucket = bpf_map_lookup_elem(&buckets, &index);
    if (!bucket) return 1;
    __u64 now = bpf_ktime_get_ns(), passed = now - bucket->filled;
    /* Whole milliseconds, so that small steps are not lost to rounding; long waits fill it anyway. */
    if (passed >= 1000000) {
        if (passed > 10000000000ull) passed = 10000000000ull;
        __s64 tokens = bucket->tokens + (__s64)(passed / 1000 * settings.bytes_per_second / 1000000);
        bucket->tokens = tokens > (__s64)settings.burst_bytes ? (__s64)settings.burst_bytes : tokens;
        bucket->filled = now;
    }
    if (bucket->tokens < skb->len) return 1;
    bucket->tokens -= skb->len;
    return 0;
}

static __always_inline void count_sent(struct slot *slot, struct __sk_buff *skb) {
    slot->counters->sent_packets += skb->gso_segs ?: 1;
    slot->counters->sent_bytes += skb->len;
}

// MARK: - From a slot

/* Answers for the gateway, so that no question of a guest leaves its slot. */
static __always_inline int answer_arp(struct __sk_buff *skb, struct slot *slot) {
    const __u32 least = sizeof(struct ethhdr) + sizeof(struct arp_packet);
    if (skb->data + least > skb->data_end && bpf_skb_pull_data(skb, least)) return drop(slot, slot_drop_malformed);
    void *data = (void *)(long)skb->data;
    if (data + least > (void *)(long)skb->data_end) return drop(slot, slot_drop_malformed);
    struct ethhdr *ethernet = data;
    struct arp_packet *arp = data + sizeof *ethernet;
    if (arp->operation != bpf_htons(arp_request) || arp->hardware != bpf_htons(arp_ethernet) ||
        arp->protocol != bpf_htons(ETH_P_IP) || arp->sender != guest_address || arp->target != gateway_address ||
        !same_mac(arp->sender_mac, ethernet->h_source))
        return drop(slot, slot_drop_arp);
    __builtin_memcpy(ethernet->h_dest, ethernet->h_source, ETH_ALEN);
    __builtin_memcpy(ethernet->h_source, gateway_mac, ETH_ALEN);
    arp->operation = bpf_htons(arp_reply);
    __builtin_memcpy(arp->target_mac, arp->sender_mac, ETH_ALEN);
    __builtin_memcpy(arp->sender_mac, gateway_mac, ETH_ALEN);
    arp->target = guest_address;
    arp->sender = gateway_address;
    return bpf_redirect(skb->ifindex, 0);
}

/* A destination that the mode does not reach: the guest is told, so that it need not wait. */
static __always_inline int refuse(struct __sk_buff *skb, struct slot *slot, const struct packet *packet) {
    slot->counters->dropped[slot_drop_policy]++;
    int failed = packet->protocol == IPPROTO_TCP ? answer_reset(skb, packet)
                                                 : answer_unreachable(skb, packet, gateway_address);
    if (failed) return TC_ACT_SHOT;
    return bpf_redirect(skb->ifindex, 0);
}

static __always_inline int send_to_uplink(struct __sk_buff *skb, struct slot *slot, const struct packet *packet) {
    __be32 outside = slot->entry->address;
    note_sent(skb, slot->index);
    __builtin_memcpy(packet->ethernet->h_dest, host_mac, ETH_ALEN);
    if (translate(skb, packet, source_address, guest_address, outside)) return drop(slot, slot_drop_malformed);
    count_sent(slot, skb);
    return bpf_redirect_peer(slot_hub_uplink, 0);
}

/* Where a packet of a slot in a virtual network goes; NULL when nowhere. A neighbour in the network is another function:
 * functions take no connections. */
static __always_inline const struct slot_route *find_route(const struct slot *slot, __be32 destination) {
    struct slot_resident resident = {slot->entry->vni, destination};
    if (bpf_map_lookup_elem(&residents, &resident)) return NULL;
    struct slot_route_key key = {64, bpf_htonl(slot->entry->vni), destination};
    return bpf_map_lookup_elem(&routes, &key);
}

static __always_inline void address_frame(struct ethhdr *ethernet, const struct slot_route *route, __be32 source) {
    __builtin_memcpy(ethernet->h_dest, route->hardware_address, ETH_ALEN);
    network_mac(source, ethernet->h_source);
}

static __always_inline int send_to_tunnel(struct __sk_buff *skb, struct slot *slot, const struct packet *packet) {
    const struct slot_route *route = find_route(slot, packet->destination);
    if (!route) return refuse(skb, slot, packet);
    __be32 outside = slot->entry->address;
    struct bpf_tunnel_key key = {
        .tunnel_id = slot->entry->vni, .remote_ipv4 = bpf_ntohl(route->endpoint), .tunnel_ttl = 64};
    note_sent(skb, slot->index);
    address_frame(packet->ethernet, route, outside);
    if (translate(skb, packet, source_address, guest_address, outside)) return drop(slot, slot_drop_malformed);
    if (bpf_skb_set_tunnel_key(skb, &key, sizeof key, BPF_F_ZERO_CSUM_TX)) return drop(slot, slot_drop_malformed);
    count_sent(slot, skb);
    return bpf_redirect(slot_hub_tunnel, 0);
}

enum destination { destination_open, destination_denied, destination_malformed };

/* Whether the slot's mode lets a packet go where it is to go. What a guest asks its gateway for names goes to the slot's name
 * server, which may be where nothing else may be reached, as AWS's and Google's are; that changes the packet, and what `packet`
 * says of it. Asked by its own address the server would seem to answer as the gateway, so nobody may. */
static __always_inline enum destination settle_destination(
    struct __sk_buff *skb, const struct slot *slot, struct packet *packet) {
    __be32 server = slot->entry->name_server;
    if (server && is_question(skb, packet)) {
        if (packet->destination == server) return destination_denied;
        if (packet->destination == gateway_address) {
            int failed = translate(skb, packet, destination_address, gateway_address, server) || read_packet(skb, packet);
            return failed ? destination_malformed : destination_open;
        }
    }
    return is_denied(packet->destination, slot->entry->mode) ? destination_denied : destination_open;
}

/* The checks that every frame of a guest passes, whatever its slot may reach. 0 when it is a packet to be sent on; else
 * `verdict` says what becomes of it. */
static __always_inline int check_frame(
    struct __sk_buff *skb, struct slot *slot, struct packet *packet, int *verdict) {
    struct ethhdr *ethernet = ethernet_header(skb);
    *verdict = TC_ACT_SHOT;
    if (!ethernet) {
        slot->counters->dropped[slot_drop_malformed]++;
    } else if (slot->entry->mode == slot_mode_closed) {
        slot->counters->dropped[slot_drop_closed]++;
    } else if (!same_mac(ethernet->h_source, occupant_mac(slot))) {
        slot->counters->dropped[slot_drop_spoofed]++;
    } else if (exceeds_rate(skb, slot->index)) {
        slot->counters->dropped[slot_drop_rate]++;
    } else if (ethernet->h_proto == bpf_htons(ETH_P_ARP)) {
        *verdict = answer_arp(skb, slot);
    } else if (ethernet->h_dest[0] & 1) {
        slot->counters->dropped[slot_drop_broadcast]++;
    } else if (ethernet->h_proto != bpf_htons(ETH_P_IP) || skb->vlan_present) {
        slot->counters->dropped[slot_drop_protocol]++;
    } else if (read_packet(skb, packet)) {
        slot->counters->dropped[slot_drop_malformed]++;
    } else if (packet->source != guest_address) {
        slot->counters->dropped[slot_drop_spoofed]++;
    } else if ((bpf_ntohl(packet->destination) & 0xf0000000) == 0xe0000000 || packet->destination == 0xffffffff) {
        slot->counters->dropped[slot_drop_broadcast]++;
    } else {
        return 0;
    }
    return -1;
}

/* Ingress of the hub's end of a slot's veth. */
SEC("tc")
int hub_from_slot(struct __sk_buff *skb) {
    struct slot slot;
    struct packet packet;
    int verdict;
    if (find_slot((skb->ifindex - slot_hub_base) % slot_hub_stride, &slot)) return TC_ACT_SHOT;
    if (slot.entry->interface != skb->ifindex) return TC_ACT_SHOT;
    if (check_frame(skb, &slot, &packet, &verdict)) return verdict;
    __u8 mode = slot.entry->mode;
    enum destination destination = settle_destination(skb, &slot, &packet);
    if (destination == destination_malformed) return drop(&slot, slot_drop_malformed);
    if (destination == destination_denied) return refuse(skb, &slot, &packet);
    if (mode == slot_mode_egress) return send_to_uplink(skb, &slot, &packet);
    if (mode == slot_mode_vpc && !settings.bridged) return send_to_tunnel(skb, &slot, &packet);
    return refuse(skb, &slot, &packet);
}

// MARK: - To a slot

static __always_inline int is_for(const struct slot *slot, enum slot_mode mode, __be32 address) {
    return slot->entry->mode == mode && slot->entry->address == address;
}

/* Gives what came for `address`, the slot's in `mode`, the guest's own address; 0, or -1 when it is dropped. */
static __always_inline int prepare_delivery(
    struct __sk_buff *skb, struct slot *slot, enum slot_mode mode, struct packet *packet) {
    __be32 address = packet->destination;
    if (!is_for(slot, mode, address)) {
        slot->counters->dropped[slot_drop_closed]++;
        return -1;
    }
    int membership = note_received(skb, slot->index);
    if (membership != flow_known) {
        slot->counters->dropped[membership == flow_unknown ? slot_drop_inbound : slot_drop_malformed]++;
        return -1;
    }
    __be32 server = slot->entry->name_server;
    if (server && packet->source == server && is_answer(skb, packet) &&
        (translate(skb, packet, source_address, server, gateway_address) || read_packet(skb, packet))) {
        slot->counters->dropped[slot_drop_malformed]++;
        return -1;
    }
    __builtin_memcpy(packet->ethernet->h_dest, occupant_mac(slot), ETH_ALEN);
    __builtin_memcpy(packet->ethernet->h_source, gateway_mac, ETH_ALEN);
    if (translate(skb, packet, destination_address, address, guest_address)) {
        slot->counters->dropped[slot_drop_malformed]++;
        return -1;
    }
    slot->counters->received_packets += skb->gso_segs ?: 1;
    slot->counters->received_bytes += skb->len;
    if (skb->pkt_type != PACKET_HOST) bpf_skb_change_type(skb, PACKET_HOST);
    return 0;
}

static __always_inline int deliver(struct __sk_buff *skb, __u32 index, enum slot_mode mode, struct packet *packet) {
    struct slot slot;
    if (find_slot(index, &slot) || prepare_delivery(skb, &slot, mode, packet)) return TC_ACT_SHOT;
    return bpf_redirect_peer(slot.entry->interface, 0);
}

/* Ingress of the hub's end of the uplink. */
SEC("tc")
int hub_from_uplink(struct __sk_buff *skb) {
    struct packet packet;
    if (skb->protocol != bpf_htons(ETH_P_IP) || read_packet(skb, &packet)) return TC_ACT_SHOT;
    return deliver(
        skb, bpf_ntohl(packet.destination) - bpf_ntohl(settings.first_address), slot_mode_egress, &packet);
}

/* Answers for the slots in a virtual network, whose devices nobody else there can see; back by the device it came from.
 * 0 when the frame is the answer now. */
static __always_inline int answer_network_arp(struct __sk_buff *skb, __u32 vni) {
    const __u32 least = sizeof(struct ethhdr) + sizeof(struct arp_packet);
    if (skb->data + least > skb->data_end && bpf_skb_pull_data(skb, least)) return -1;
    void *data = (void *)(long)skb->data;
    if (data + least > (void *)(long)skb->data_end) return -1;
    struct ethhdr *ethernet = data;
    struct arp_packet *arp = data + sizeof *ethernet;
    struct slot_resident resident = {vni, arp->target};
    if (arp->operation != bpf_htons(arp_request) || !bpf_map_lookup_elem(&residents, &resident)) return -1;
    __be32 asked = arp->target;
    arp->operation = bpf_htons(arp_reply);
    __builtin_memcpy(ethernet->h_dest, arp->sender_mac, ETH_ALEN);
    __builtin_memcpy(arp->target_mac, arp->sender_mac, ETH_ALEN);
    arp->target = arp->sender;
    arp->sender = asked;
    network_mac(asked, arp->sender_mac);
    network_mac(asked, ethernet->h_source);
    return 0;
}

/* Ingress of the hub's tunnel device. */
SEC("tc")
int hub_from_tunnel(struct __sk_buff *skb) {
    struct bpf_tunnel_key key = {};
    struct packet packet;
    if (bpf_skb_get_tunnel_key(skb, &key, sizeof key, 0)) return TC_ACT_SHOT;
    if (skb->protocol == bpf_htons(ETH_P_ARP)) {
        struct bpf_tunnel_key back = {.tunnel_id = key.tunnel_id, .remote_ipv4 = key.remote_ipv4, .tunnel_ttl = 64};
        if (answer_network_arp(skb, key.tunnel_id)) return TC_ACT_SHOT;
        if (bpf_skb_set_tunnel_key(skb, &back, sizeof back, BPF_F_ZERO_CSUM_TX)) return TC_ACT_SHOT;
        return bpf_redirect(slot_hub_tunnel, 0);
    }
    if (skb->protocol != bpf_htons(ETH_P_IP) || read_packet(skb, &packet)) return TC_ACT_SHOT;
    struct slot_resident resident = {key.tunnel_id, packet.destination};
    const __u32 *index = bpf_map_lookup_elem(&residents, &resident);
    return index ? deliver(skb, *index, slot_mode_vpc, &packet) : TC_ACT_SHOT;
}

/* Ingress of the host's end of the uplink: the host passes on what slots send, and is itself no destination. The slot is known
 * by its address, and hears of what goes nowhere. */
SEC("tc")
int host_from_hub(struct __sk_buff *skb) {
    struct packet packet;
    if (skb->protocol != bpf_htons(ETH_P_IP) || read_packet(skb, &packet)) return TC_ACT_SHOT;
    struct bpf_fib_lookup lookup = {
        .family = 2 /* AF_INET */, .ipv4_src = packet.source, .ipv4_dst = packet.destination, .ifindex = skb->ifindex};
    long result = bpf_fib_lookup(skb, &lookup, sizeof lookup, 0);
    if (result == BPF_FIB_LKUP_RET_SUCCESS || result == BPF_FIB_LKUP_RET_NO_NEIGH) return TC_ACT_OK;
    struct slot slot;
    if (find_slot(bpf_ntohl(packet.source) - bpf_ntohl(settings.first_address), &slot)) return TC_ACT_SHOT;
    return refuse(skb, &slot, &packet);
}

// MARK: - Inside a slot of layout direct

/* Ingress of the tap: on to the hub, past the slot's own stack. */
SEC("tc")
int direct_from_tap(struct __sk_buff *skb) { return bpf_redirect_peer(slot_direct_interface, 0); }

/* Ingress of the interface: frames for a virtual machine go to its tap, all others to the slot's own stack. */
SEC("tc")
int direct_from_hub(struct __sk_buff *skb) {
    struct ethhdr *ethernet = ethernet_header(skb);
    if (ethernet && same_mac(ethernet->h_dest, machine_mac)) return bpf_redirect(slot_direct_tap, 0);
    return TC_ACT_OK;
}

#include "bridged.h"

char _license[] SEC("license") = "GPL";
