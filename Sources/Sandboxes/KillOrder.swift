/// Whom the kernel kills when memory is out: whoever has the highest score first (proc_pid_oom_score_adj(5)).
package enum KillOrder: Int, Sendable, CaseIterable {
    /// What runs functions. What one of them has beyond its own limit ends it alone, whatever its score.
    case sandbox = 200
    /// What all clones of a version are made of.
    case template = -500
    case server = -900
}
