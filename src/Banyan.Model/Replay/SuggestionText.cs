using System.Globalization;
using System.Text;
using System.Text.Json;
using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Suggested policies as YAML, with what is to be known of them in comments.</summary>
internal static class SuggestionText
{
    /// <summary>A caller as policies name it: by its service account where it is one of the mesh.</summary>
    public static PolicySource Source(string caller, string trustDomain)
    {
        var prefix = WorkloadIdentity.Domain(trustDomain) + "/ns/";
        return caller.StartsWith(prefix, StringComparison.Ordinal)
            && caller[prefix.Length..].Split('/') is [var space, "sa", var account]
            && Names.CheckLabel(space) is null && Names.CheckLabel(account) is null
                ? new PolicySource { ServiceAccounts = [$"{space}/{account}"] }
                : new PolicySource { Principals = [caller] };
    }

    public static string Write(
        SuggestionOrder order, string trustDomain, IReadOnlyList<SuggestionDraft> drafts, IReadOnlyList<string> warnings)
    {
        var text = new StringBuilder();
        Head(text, order, warnings);
        foreach (var draft in drafts)
        {
            text.Append("---\n");
            About(text, draft.Result);
            if (draft.Policy is { } policy)
            {
                Policy(text, policy, draft.Result.Rules);
            }

            Rare(text, draft.Result, trustDomain, draft.Policy is not null);
        }

        return text.ToString();
    }

    private static void Head(StringBuilder text, SuggestionOrder order, IReadOnlyList<string> warnings)
    {
        var window = order.Window;
        Comment(text, $"What sidecars reported from {Time(window.From)} to {Time(window.To)}, as policies that allow it and nothing else.");
        if (window.First is not { } first)
        {
            Comment(text, "No report came in that time.");
            return;
        }

        var hours = (int)Math.Ceiling((window.To - window.From).TotalHours);
        Comment(text, $"Covered: {window.Hours} of {hours} hours, on {window.Days} {(window.Days == 1 ? "day" : "days")}, from {Time(first)} to {Time(window.Last ?? window.To)}.");
        foreach (var gap in window.Gaps)
        {
            Comment(text, $"No report from {Time(gap.From)} to {Time(gap.To)}.");
        }

        Comment(text, "What happens at other times (nightly, monthly, in an emergency) is not in it: look further back with --since, begin with --audit.");
        Comment(text, $"Rare is what came fewer than {order.RareBelow} times, as a single connection, or, where reports are of 3 days or more, on one day.");
        foreach (var warning in warnings)
        {
            Comment(text, $"WARNING: {warning}");
        }
    }

    private static void About(StringBuilder text, SuggestedService service)
    {
        Comment(text, service.Service);
        if (service.Plaintext > 0)
        {
            Comment(text, $"WARNING: in plaintext, and so not allowed by identity: {service.PlaintextCallers}");
        }

        foreach (var note in service.Notes)
        {
            Comment(text, note);
        }
    }

    private static void Policy(StringBuilder text, AuthorizationPolicy policy, IReadOnlyList<SuggestedRule> rules)
    {
        text.Append(CultureInfo.InvariantCulture, $"apiVersion: {policy.ApiVersion}\nkind: {policy.Kind}\n");
        text.Append(CultureInfo.InvariantCulture, $"metadata: {{name: {Quoted(policy.Metadata.Name)}, namespace: {Quoted(policy.Metadata.Namespace)}}}\n");
        text.Append(CultureInfo.InvariantCulture, $"spec:\n  selector: {{service: {Quoted(policy.Spec.Selector.Service)}}}\n  action: allow\n");
        text.Append(CultureInfo.InvariantCulture, $"  mode: {(policy.Spec.Mode == PolicyMode.Audit ? "audit" : "enforce")}\n  rules:\n");
        foreach (var (rule, about) in policy.Spec.Rules.Zip(rules))
        {
            text.Append(CultureInfo.InvariantCulture, $"  # {Seen(about)}\n");
            Rule(text, rule.From[0], about, "");
        }
    }

    private static void Rare(StringBuilder text, SuggestedService service, string trustDomain, bool hasPolicy)
    {
        foreach (var rule in service.Rare)
        {
            text.Append(CultureInfo.InvariantCulture, $"  # Rare: {Seen(rule)}\n");
            Rule(text, Source(rule.Caller, trustDomain), rule, "# ");
        }

        if (service.Rare.Count > 0)
        {
            Comment(text, hasPolicy
                ? "What is rare is denied unless you take the # away before its rule."
                : "Write a policy with what of it is to be allowed.");
        }
    }

    private static void Rule(StringBuilder text, PolicySource source, SuggestedRule rule, string before)
    {
        var (field, who) = source.ServiceAccounts.Count > 0 ? ("serviceAccounts", source.ServiceAccounts[0]) : ("principals", source.Principals[0]);
        text.Append(CultureInfo.InvariantCulture, $"  {before}- from: [{{{field}: [{Quoted(who)}]}}]\n  {before}  to:\n");
        foreach (var operation in rule.Operations)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {before}  - {{ports: [{operation.Port}]");
            Values(text, "methods", operation.Methods);
            Values(text, "paths", operation.Paths);
            text.Append("}\n");
        }
    }

    private static void Values(StringBuilder text, string field, IReadOnlyList<string> values)
    {
        if (values.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $", {field}: [{string.Join(", ", values.Select(Quoted))}]");
        }
    }

    private static string Seen(SuggestedRule rule) =>
        $"{rule.Count.ToString("N0", CultureInfo.InvariantCulture)} times, on {rule.Days} {(rule.Days == 1 ? "day" : "days")}, "
        + $"first {Time(rule.FirstSeen)}, last {Time(rule.LastSeen)}";

    // What JSON quotes, YAML reads the same.
    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    private static string Time(DateTimeOffset time) => time.ToString("u", CultureInfo.InvariantCulture);

    // Texts of reports stand here: none begins a line of its own.
    private static void Comment(StringBuilder text, string comment) =>
        text.Append("# ").Append(string.Concat(comment.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' or '\u0085' ? ' ' : c))).Append('\n');
}
