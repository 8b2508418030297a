using System.Diagnostics.CodeAnalysis;
using Banyan.Rules.Compilation;
using Banyan.Rules.Tokens;
using Banyan.Xds.Authorization;

namespace Banyan.Rules.Authorization;

/// <summary>One RBAC filter of xDS.</summary>
/// <param name="Rules">What is enforced; null: nothing is.</param>
/// <param name="Shadow">What is only told; null: nothing is.</param>
/// <param name="At">Where it stands, for messages; empty: by its number.</param>
public sealed record AuthorizationFilter(RBAC? Rules, RBAC? Shadow, string At = "");

/// <summary>The policies of one listener, compiled to one decision.</summary>
/// <remarks>Immutable and safe to share between threads; a decision allocates nothing. Every filter has to let a request pass, as
/// filters in a chain do: where one denies and another allows, the request is denied.</remarks>
public sealed class AuthorizationTable
{
    private readonly Gate[] _gates;

    private AuthorizationTable(Gate[] gates, IReadOnlyList<ClaimPath> claims)
    {
        Claims = claims;
        _gates = gates;
        AsksRequest = Array.Exists(gates, gate => gate is { IsShadow: false, Policies.AsksRequest: true });
        AsksNetwork = Array.Exists(gates, gate => gate.Policies.AsksNetwork);
    }

    /// <summary>Whether an enforced policy asks of a request: then what is not HTTP is denied.</summary>
    public bool AsksRequest { get; }

    /// <summary>Whether a policy asks for the address of the caller.</summary>
    public bool AsksNetwork { get; }

    /// <summary>Claims of tokens that policies ask for.</summary>
    public IReadOnlyList<ClaimPath> Claims { get; }

    /// <summary>Compiles, or says what is not supported and where (the text of a NACK).</summary>
    /// <param name="filters">The filters in their order.</param>
    /// <param name="at">Where they stand, for the message.</param>
    /// <param name="table">The compiled table.</param>
    /// <param name="error">Empty, or one <c>field.path: message</c> for each problem, separated by "; ".</param>
    public static bool TryCompile(
        IReadOnlyList<AuthorizationFilter> filters, string at, [NotNullWhen(true)] out AuthorizationTable? table, out string error)
    {
        var errors = new CompileErrors();
        var compiler = new RbacCompiler(errors);
        List<Gate> gates = [];
        for (var i = 0; i < filters.Count; i++)
        {
            var here = filters[i].At.Length > 0 ? filters[i].At : $"{at}[{i}]";
            Add(filters[i].Rules, isShadow: false, $"{here}.rules");
            Add(filters[i].Shadow, isShadow: true, $"{here}.shadow_rules");
        }

        error = errors.ToString();
        table = errors.Any
            ? null
            : new AuthorizationTable(
                [.. gates.OrderByDescending(gate => gate.Action == RBAC.Types.Action.Deny)], [.. compiler.Claims]);
        return table is not null;

        void Add(RBAC? rules, bool isShadow, string where)
        {
            if (rules is not null && !Enum.IsDefined(rules.Action))
            {
                errors.Add($"{where}.action", $"{(int)rules.Action} is none of ALLOW, DENY and LOG");
            }

            // Logging decides nothing.
            if (rules is not null && rules.Action != RBAC.Types.Action.Log)
            {
                gates.Add(new Gate(rules.Action, new PolicySet(compiler.Compile(rules, where)), isShadow));
            }
        }
    }

    /// <summary>Decides; what denies is asked first.</summary>
    public AuthorizationDecision Decide(in AuthorizationView view)
    {
        string? audited = null;
        string? allowed = null;
        var reason = DenyReason.None;
        string? denied = null;
        foreach (var gate in _gates)
        {
            if (gate.IsShadow)
            {
                audited ??= gate.Judge(in view, out var would) == DenyReason.None ? null : would ?? "";
            }
            else if (reason == DenyReason.None)
            {
                reason = gate.Judge(in view, out var policy);
                denied = reason == DenyReason.None ? null : policy;
                allowed ??= policy;
            }
        }

        return new AuthorizationDecision(reason, reason == DenyReason.None ? allowed : denied, audited);
    }

    private sealed record Gate(RBAC.Types.Action Action, PolicySet Policies, bool IsShadow)
    {
        public DenyReason Judge(in AuthorizationView view, out string? policy)
        {
            if (!view.IsHttp && Policies.AsksRequest)
            {
                policy = Policies.FirstThatAsks;
                return DenyReason.NotHttp;
            }

            policy = Policies.Find(in view)?.Name;
            if (Action == RBAC.Types.Action.Deny)
            {
                return policy is null ? DenyReason.None : DenyReason.Denied;
            }

            if (policy is not null)
            {
                return DenyReason.None;
            }

            policy = Policies.FirstName;
            return DenyReason.NothingAllows;
        }
    }
}
