/// The right to a template, which stays as long as this is held; ends with its one owner.
///
/// A thaw holds one from its begin to its end, also the making of a clone ahead. A clone that lives holds one of the other kind:
/// it needs no template, but as long as it has the template's pages, nothing would be won by ending that.
struct TemplateLease: ~Copyable, Sendable {
    let template: Template
    private let use: TemplateLedger.Use
    private let templates: Templates

    /// Only by ``Templates``, which has counted it.
    init(_ template: Template, for use: TemplateLedger.Use, from templates: Templates) {
        self.template = template
        self.use = use
        self.templates = templates
    }

    deinit { templates.end(use, of: template) }

    /// What the clone holds that a thaw has made.
    func ofClone() -> TemplateLease { templates.leaseOfClone(template) }

    /// Says where the right ends, for whoever uses what was made under it and not the lease itself.
    consuming func end() {}
}
