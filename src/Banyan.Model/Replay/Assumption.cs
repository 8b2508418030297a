namespace Banyan.Model;

/// <summary>What is not known of a call, and what is taken for it: in favour of the call, or against it.</summary>
/// <param name="InFavour">What is not known allows rather than denies.</param>
/// <param name="IsHttp">Whether requests are judged; of connections only addresses are not known.</param>
/// <param name="Path">How well the path is known.</param>
/// <param name="KnowsMethod">Whether the method is known.</param>
internal readonly record struct Assumption(bool InFavour, bool IsHttp, PathKnowledge Path, bool KnowsMethod)
{
    /// <summary>A caller that nobody is.</summary>
    private static readonly EquatableList<PolicySource> Nobody = [new PolicySource { Principals = ["spiffe://-"] }];

    /// <summary>The policy without what is not known: that is taken to match, or its entry not to match.</summary>
    public AuthorizationPolicy Applied(AuthorizationPolicy policy)
    {
        var matches = InFavour == (policy.Spec.Action == PolicyAction.Allow);
        var asksPath = Path == PathKnowledge.None
            || (Path == PathKnowledge.Sample && policy.Spec.Action == PolicyAction.Deny);
        var self = this;
        return policy with
        {
            Spec = policy.Spec with { Rules = policy.Spec.Rules.Select(rule => self.Applied(rule, matches, asksPath)).ToEquatableList() },
        };
    }

    private PolicyRule Applied(PolicyRule rule, bool matches, bool asksPath)
    {
        var (isHttp, knowsMethod) = (IsHttp, KnowsMethod);
        var from = Entries(rule.From, matches, IsUnknownCaller, KnownCaller, static each => each.IsEmpty);
        var to = Entries(rule.To, matches, IsUnknown, Known, static each => each == new PolicyOperation());

        // Of a rule that does not match at all, ports and fields stay: they decide whether it has a say at a port.
        return from is null || to is null ? rule with { From = Nobody } : new PolicyRule { From = from, To = to };

        bool IsUnknownCaller(PolicySource each) => each.Networks.Count > 0 || (isHttp && each.JwtClaims.Count > 0);

        PolicySource KnownCaller(PolicySource each) => each with { Networks = [], JwtClaims = isHttp ? [] : each.JwtClaims };

        bool IsUnknown(PolicyOperation each) => isHttp
            && (each.Hosts.Count > 0 || each.Headers.Count > 0 || (!knowsMethod && each.Methods.Count > 0) || (asksPath && each.AsksPath));

        PolicyOperation Known(PolicyOperation each)
        {
            // A call of gRPC is a POST, whatever its path.
            var methods = asksPath && each.GrpcMethods.Count > 0 && each.Methods.Count == 0 ? ["POST"] : each.Methods;
            return each with
            {
                Hosts = [],
                Headers = [],
                Methods = knowsMethod ? methods : [],
                Paths = asksPath ? [] : each.Paths,
                GrpcMethods = asksPath ? [] : each.GrpcMethods,
            };
        }
    }

    /// <summary>Null: none can match. Empty: any does.</summary>
    private static EquatableList<T>? Entries<T>(
        EquatableList<T> entries, bool matches, Func<T, bool> isUnknown, Func<T, T> known, Func<T, bool> isAny)
    {
        List<T> left = [];
        foreach (var each in entries)
        {
            if (!isUnknown(each))
            {
                left.Add(each);
            }
            else if (matches)
            {
                var what = known(each);
                if (isAny(what))
                {
                    return [];
                }

                left.Add(what);
            }
        }

        return left.Count == 0 && entries.Count > 0 ? null : left.ToEquatableList();
    }
}

/// <summary>How well the path of a request is known.</summary>
internal enum PathKnowledge
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>It stands for others below the same prefix: what allows it by a prefix allows them; what denies others may deny them.</summary>
    Sample,

    /// <summary>It is the one.</summary>
    Exact,
}
