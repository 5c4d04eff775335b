// Layout bridged: in each slot a bridge joins interface, tap and uplink, and a tunnel device of its own ends there. Included
// by slots.bpf.c.
//
// The tunnel device was made before anybody knew which virtual network it would serve: with a network identifier of its own
// (settings.dummy_network + k) and a remote end that does not exist (settings.dummy_endpoint). Both are rewritten outside, on the
// way out and on the way in.

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

static __always_inline int set_network(struct __sk_buff *skb, __u32 vni) {
    __be32 field = bpf_htonl(vni << 8);
    return bpf_skb_store_bytes(skb, offsetof(struct encapsulated, vxlan.vni), &field, sizeof field, 0) ? -1 : 0;
}

/* Egress of the host's end of the uplink, where all that the slots' tunnels send goes: the real network, the real endpoint,
 * and out by the interface that leads there. */
SEC("tc")
int host_to_tunnel(struct __sk_buff *skb) {
    struct encapsulated *frame = read_encapsulated(skb);
    if (!frame || frame->ip.daddr != settings.dummy_endpoint) return TC_ACT_OK;
    struct slot slot;
    if (find_slot((bpf_ntohl(frame->vxlan.vni) >> 8) - settings.dummy_network, &slot)) return TC_ACT_SHOT;
    if (slot.entry->mode != slot_mode_vpc) return drop(&slot, slot_drop_closed);
    __be32 destination = inner_destination(skb, frame);
    struct slot_route_key key = {64, bpf_htonl(slot.entry->vni), destination};
    const struct slot_route *route = bpf_map_lookup_elem(&routes, &key);
    if (!route) return drop(&slot, slot_drop_policy);
    __be32 endpoint = route->endpoint, dummy = settings.dummy_endpoint;
    struct bpf_fib_lookup lookup = {
        .family = 2 /* AF_INET */, .ipv4_src = settings.tunnel_source, .ipv4_dst = endpoint, .ifindex = skb->ifindex};
    long result = bpf_fib_lookup(skb, &lookup, sizeof lookup, BPF_FIB_LOOKUP_OUTPUT);
    if (result == BPF_FIB_LKUP_RET_NOT_FWDED) {
        lookup.ifindex = skb->ifindex;
        result = bpf_fib_lookup(skb, &lookup, sizeof lookup, 0);
    }
    if (result != BPF_FIB_LKUP_RET_SUCCESS && result != BPF_FIB_LKUP_RET_NO_NEIGH) return drop(&slot, slot_drop_policy);
    const __u32 ip = offsetof(struct encapsulated, ip);
    if (bpf_l3_csum_replace(skb, ip + offsetof(struct iphdr, check), dummy, endpoint, sizeof endpoint) ||
        bpf_skb_store_bytes(skb, ip + offsetof(struct iphdr, daddr), &endpoint, sizeof endpoint, 0) ||
        set_network(skb, slot.entry->vni))
        return drop(&slot, slot_drop_malformed);
    return bpf_redirect_neigh(lookup.ifindex, NULL, 0, 0);
}

/* Ingress of the host's other interfaces: to the tunnel device of the slot that has the address in that network. */
SEC("tc")
int host_from_tunnel(struct __sk_buff *skb) {
    struct encapsulated *frame = read_encapsulated(skb);
    if (!frame) return TC_ACT_OK;
    __u32 vni = bpf_ntohl(frame->vxlan.vni) >> 8;
    struct slot_resident resident = {vni, inner_destination(skb, frame)};
    const __u32 *index = bpf_map_lookup_elem(&residents, &resident);
    /* Nobody outside may name a slot's own device. */
    if (!index) return vni - settings.dummy_network < settings.count ? TC_ACT_SHOT : TC_ACT_OK;
    return set_network(skb, settings.dummy_network + *index) ? TC_ACT_SHOT : TC_ACT_OK;
}
