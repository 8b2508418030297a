using System.Globalization;
using Banyan.Control.Reports;
using Banyan.Model;

namespace Banyan.Control.Store;

/// <summary>Keeps AuthorizationPolicies from denying what is allowed and was seen in the last day.</summary>
/// <param name="seen">What was seen in <see cref="PlaintextCallers.Window"/>, with these objects in effect.</param>
internal sealed class AuthorizationGuard(Func<IReadOnlyList<MeshObject>, SeenCalls> seen)
{
    /// <summary>Callers that are listed; of the others there is the number.</summary>
    private const int MostListed = 100;

    /// <summary>Replays what was seen against the policies before and after.</summary>
    /// <param name="before">All objects as they are.</param>
    /// <param name="after">All objects as they would be.</param>
    /// <param name="written">What was written: the place of the policy, or else the first.</param>
    public GuardVerdict Check(
        IReadOnlyList<MeshObject> before, IReadOnlyList<MeshObject> after, IReadOnlyList<MeshObject> written)
    {
        if (!Concerns(before, after))
        {
            return new GuardVerdict([], []);
        }

        var matrix = seen(before);
        var denied = PolicyReplay.Denied(before, after, matrix.Calls)
            .GroupBy(each => (
                each.IsAudit,
                each.Policy,
                each.Call.Caller,
                each.Call.CallerNames,
                each.Call.Namespace,
                each.Call.Service,
                each.Call.Port,
                each.Call.IsHttp,
                each.IsSure,
                each.Why))
            .Select(each => (each.Key.IsAudit, each.Key.Policy, Text: Describe([.. each])))
            .ToList();
        var refused = denied.Where(each => !each.IsAudit).ToList();
        var problems = refused.Take(MostListed).Select(each => Place(each.Policy, each.Text, written)).ToList();
        if (refused.Count > MostListed)
        {
            problems.Add(Place(refused[MostListed].Policy, $"and {refused.Count - MostListed} callers more", written));
        }

        if (problems.Count > 0 && matrix.Folded > 0)
        {
            problems.Add(Place(
                refused[0].Policy,
                $"{matrix.Folded} calls more were counted without their callers, beyond the limit of label sets",
                written));
        }

        return new GuardVerdict(
            problems.ToEquatableList(),
            [.. denied.OrderBy(each => each.IsAudit).Take(MostListed).Select(each => each.Text)]);
    }

    /// <summary>Whether policies, or what they select, are others than before.</summary>
    private static bool Concerns(IReadOnlyList<MeshObject> before, IReadOnlyList<MeshObject> after)
    {
        if (!after.Any(each => each is AuthorizationPolicy))
        {
            return false;
        }

        var known = before.Where(IsPart).ToHashSet(ReferenceEqualityComparer.Instance);
        var next = after.Where(IsPart).ToList();
        return next.Count != known.Count || !next.TrueForAll(known.Contains);

        static bool IsPart(MeshObject item) => item is AuthorizationPolicy or Workload or Service or Mesh;
    }

    private static Problem Place(string policy, string text, IReadOnlyList<MeshObject> written)
    {
        var blamed = written.FirstOrDefault(each => each is AuthorizationPolicy own && own.FullName == policy)
            ?? written.FirstOrDefault(each => each is AuthorizationPolicy)
            ?? written.FirstOrDefault();
        return new Problem(
            blamed?.File ?? "",
            blamed?.Line ?? 0,
            blamed?.Column ?? 0,
            blamed is AuthorizationPolicy ? "spec.rules" : "",
            $"{text}; change it, or do it with --force");
    }

    /// <summary>Calls of one caller at one port, for people.</summary>
    private static string Describe(IReadOnlyList<DeniedCall> calls)
    {
        var (first, call) = (calls[0], calls[0].Call);
        var caller = call.Caller.Length > 0 ? call.Caller
            : call.CallerNames.Length > 0 ? $"callers in plaintext: {call.CallerNames}"
            : "callers in plaintext";
        var what = string.Join(", ", calls.Select(each => Operation(each.Call)).Distinct(StringComparer.Ordinal));
        var count = calls.Sum(each => each.Call.Count).ToString("N0", CultureInfo.InvariantCulture);
        var last = calls.Max(each => each.Call.LastSeen).ToString("u", CultureInfo.InvariantCulture);
        var verb = first.IsAudit ? "would deny, if it were enforced,"
            : first.IsSure ? "would deny"
            : $"might deny ({first.Why})";
        return $"{first.Policy} {verb} {caller} -> {call.Service}.{call.Namespace}:{call.Port}"
            + $"{(what.Length > 0 ? $" {what}" : "")}: {count} {(call.IsHttp ? "requests" : "connections")} "
            + $"in the last 24 h, the last at {last}";
    }

    private static string Operation(SeenCall call) => call.Paths.Count == 0
        ? call.Method
        : $"{call.Method} {string.Join(" or ", call.Paths)}";
}
