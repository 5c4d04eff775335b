// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Layout bridged: in each slot a bridge joins interface, tap and uplink, and a tunnel device of its own ends there. Included
// by slots.bpf.c.
//
// The tunnel device was made before anybody knew which virtual network it would serve: with a network identifier of its own
// (settings.dummy_network + k) and a remote end that does not exist (settings.dummy_endpoint). Its outer packets leave and enter
// by a trunk, a namespace between some slots and the host; both are rewritten where the host meets the trunk.

struct vxlan_header {
    __be32 flags; /* 0x08000000: the identifier is valid (RFC 7348, 5) */
    __be32 vni; /* in the upper 24 bits */
};

/* Where a slot in a virtual network gets its frame to the tunnel; all others go on to the hub, which refuses or drops what
 * must not pass. */
static __always_inline int bridged_from_guest(struct __sk_buff *skb, __u32 index) {
    struct slot slot;
    struct packet packet;
    if (find_slot(index, &slot) || slot.entry->mode != slot_mode_vpc) return TC_ACT_OK;
    struct ethhdr *ethernet = ethernet_header(skb);
    if (!ethernet || ethernet->h_proto != bpf_htons(ETH_P_IP) || ethernet->h_dest[0] & 1) return TC_ACT_OK;
    if (!same_mac(ethernet->h_source, occupant_mac(&slot)) || read_packet(skb, &packet)) return TC_ACT_OK;
    if (packet.source != guest_address) return TC_ACT_OK;
    enum destination destination = settle_destination(skb, &slot, &packet);
    if (destination == destination_malformed) return drop(&slot, slot_drop_malformed);
    if (destination == destination_denied) return TC_ACT_OK;
    const struct slot_route *route = find_route(&slot, packet.destination);
    if (!route) return TC_ACT_OK;
    if (exceeds_rate(skb, index)) return drop(&slot, slot_drop_rate);
    __be32 outside = slot.entry->address;
    note_sent(skb, index);
    address_frame(packet.ethernet, route, outside);
    if (translate(skb, &packet, source_address, guest_address, outside)) return drop(&slot, slot_drop_malformed);
    count_sent(&slot, skb);
    return bpf_redirect(slot_bridged_tunnel_base + index, 0);
}

/* Ingress of the tap. */
SEC("tc")
int bridged_from_tap(struct __sk_buff *skb) { return bridged_from_guest(skb, skb->ifindex - slot_bridged_tap_base); }

/* Egress of the bridge's own interface, which processes use. */
SEC("tc")
int bridged_from_stack(struct __sk_buff *skb) {
    return bridged_from_guest(skb, skb->ifindex - slot_bridged_bridge_base);
}

/* Ingress of the slot's tunnel device. */
SEC("tc")
int bridged_from_tunnel(struct __sk_buff *skb) {
    __u32 index = skb->ifindex - slot_bridged_tunnel_base;
    struct slot slot;
    struct packet packet;
    if (find_slot(index, &slot)) return TC_ACT_SHOT;
    if (skb->protocol == bpf_htons(ETH_P_ARP))
        return answer_network_arp(skb, slot.entry->vni) ? TC_ACT_SHOT : bpf_redirect(skb->ifindex, 0);
    if (skb->protocol != bpf_htons(ETH_P_IP) || read_packet(skb, &packet)) return TC_ACT_SHOT;
    if (prepare_delivery(skb, &slot, slot_mode_vpc, &packet)) return TC_ACT_SHOT;
    return slot.entry->occupant ? bpf_redirect(slot_bridged_tap_base + index, 0)
                                : bpf_redirect(slot_bridged_bridge_base + index, BPF_F_INGRESS);
}

// MARK: - On the host

struct encapsulated {
    struct ethhdr ethernet;
    struct iphdr ip;
    struct udphdr udp;
    struct vxlan_header vxlan;
    struct ethhdr inner;
    union {
        struct iphdr packet;
        struct arp_packet arp;
    };
} __attribute__((packed));

/* The outer headers and the beginning of the frame inside; NULL when it is not a frame in a tunnel of ours. */
static __always_inline struct encapsulated *read_encapsulated(struct __sk_buff *skb) {
    const __u32 least = offsetof(struct encapsulated, packet) + sizeof(struct iphdr);
    void *data = (void *)(long)skb->data;
    if (skb->protocol != bpf_htons(ETH_P_IP)) return NULL;
    if (data + sizeof(struct ethhdr) + sizeof(struct iphdr) <= (void *)(long)skb->data_end) {
        struct encapsulated *early = data;
        if (early->ip.protocol != IPPROTO_UDP) return NULL;
    }
    if (data + least > (void *)(long)skb->data_end) {
        if (bpf_skb_pull_data(skb, least)) return NULL;
        data = (void *)(long)skb->data;
        if (data + least > (void *)(long)skb->data_end) return NULL;
    }
    struct encapsulated *frame = data;
    if (frame->ip.ihl != 5 || frame->ip.protocol != IPPROTO_UDP || frame->udp.dest != bpf_htons(settings.tunnel_port) ||
        frame->vxlan.flags != bpf_htonl(0x08000000))
        return NULL;
    return frame;
}

/* Whom the frame inside is for; 0 when that is nobody's address. */
static __always_inline __be32 inner_destination(struct __sk_buff *skb, const struct encapsulated *frame) {
    __be32 target = 0;
    if (frame->inner.h_proto == bpf_htons(ETH_P_IP)) return frame->packet.daddr;
    if (frame->inner.h_proto == bpf_htons(ETH_P_ARP))
        bpf_skb_load_bytes(
            skb, offsetof(struct encapsulated, arp) + offsetof(struct arp_packet, target), &target, sizeof target);
    return target;
}

/* Of a frame with no UDP checksum the kernel may have summed all bytes itself; one that there is covers the identifier. */
static __always_inline int set_network(struct __sk_buff *skb, const struct encapsulated *frame, __u32 vni) {
    __be32 before = frame->vxlan.vni, after = bpf_htonl(vni << 8);
    __u64 flags = frame->udp.check ? 0 : BPF_F_RECOMPUTE_CSUM;
    if (bpf_l4_csum_replace(
            skb, offsetof(struct encapsulated, udp.check), before, after, BPF_F_MARK_MANGLED_0 | sizeof after))
        return -1;
    return bpf_skb_store_bytes(skb, offsetof(struct encapsulated, vxlan.vni), &after, sizeof after, flags) ? -1 : 0;
}

/* Replaces one of the outer addresses. */
static __always_inline int set_outer(struct __sk_buff *skb, enum address_field field, __be32 address) {
    struct packet outer;
    if (read_packet(skb, &outer)) return -1;
    return translate(skb, &outer, field, field == source_address ? outer.source : outer.destination, address);
}

/* Ingress of the host's end of a trunk, where what the slots' tunnels send comes out: the real network, the real ends, and out
 * by the interface that leads there. */
SEC("tc")
int host_from_trunk(struct __sk_buff *skb) {
    struct encapsulated *frame = read_encapsulated(skb);
    if (!frame || frame->ip.daddr != settings.dummy_endpoint) return TC_ACT_SHOT;
    struct slot slot;
    if (find_slot((bpf_ntohl(frame->vxlan.vni) >> 8) - settings.dummy_network, &slot)) return TC_ACT_SHOT;
    if (slot.entry->mode != slot_mode_vpc) return drop(&slot, slot_drop_closed);
    struct slot_route_key key = {64, bpf_htonl(slot.entry->vni), inner_destination(skb, frame)};
    const struct slot_route *route = bpf_map_lookup_elem(&routes, &key);
    if (!route || !settings.tunnel_source) return drop(&slot, slot_drop_policy);
    __be32 endpoint = route->endpoint;
    struct bpf_fib_lookup lookup = {
        .family = 2 /* AF_INET */, .ipv4_src = settings.tunnel_source, .ipv4_dst = endpoint, .ifindex = skb->ifindex};
    long result = bpf_fib_lookup(skb, &lookup, sizeof lookup, 0);
    if (result != BPF_FIB_LKUP_RET_SUCCESS && result != BPF_FIB_LKUP_RET_NO_NEIGH) return drop(&slot, slot_drop_policy);
    if (set_network(skb, frame, slot.entry->vni) || set_outer(skb, destination_address, endpoint) ||
        set_outer(skb, source_address, settings.tunnel_source))
        return drop(&slot, slot_drop_malformed);
    return bpf_redirect_neigh(lookup.ifindex, NULL, 0, 0);
}

/* Ingress of the host's other interfaces: to the trunk of the slot that has the address in that network. All else is left to
 * whatever else is attached there. */
SEC("tc")
int host_from_tunnel(struct __sk_buff *skb) {
    struct encapsulated *frame = read_encapsulated(skb);
    if (!frame) return TC_ACT_UNSPEC;
    struct slot_resident resident = {bpf_ntohl(frame->vxlan.vni) >> 8, inner_destination(skb, frame)};
    const __u32 *index = bpf_map_lookup_elem(&residents, &resident);
    if (!index) return TC_ACT_UNSPEC;
    __u32 slot = *index, trunk = slot / settings.trunk_size;
    const __u32 *device = bpf_map_lookup_elem(&trunks, &trunk);
    if (!device || set_network(skb, frame, settings.dummy_network + slot) ||
        set_outer(skb, destination_address, settings.trunk_address))
        return TC_ACT_SHOT;
    return bpf_redirect_peer(*device, 0);
}
