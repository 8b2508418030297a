namespace Banyan.Rules.Authorization;

/// <summary>Policies of one action, found by the identity and then by the path that they need.</summary>
/// <remarks>Immutable; a lookup allocates nothing. What needs neither is tried one after the other.</remarks>
internal sealed class PolicySet
{
    private readonly LiteralIndex<ByPath> _byIdentity;
    private readonly ByPath _anyIdentity;

    public PolicySet(IReadOnlyList<Policy> policies)
    {
        Count = policies.Count;
        FirstName = policies.Count > 0 ? policies[0].Name : null;
        AsksRequest = policies.Any(policy => policy.AsksRequest);
        AsksNetwork = policies.Any(policy => policy.AsksNetwork);
        FirstThatAsks = policies.FirstOrDefault(policy => policy.AsksRequest)?.Name;
        var buckets = Bucket(policies, policy => LiteralKeys.OfIdentity(policy.Caller), out var others);
        _byIdentity = new LiteralIndex<ByPath>([.. buckets.Select(pair => KeyValuePair.Create(pair.Key, new ByPath(pair.Value)))]);
        _anyIdentity = new ByPath(others);
    }

    public int Count { get; }

    /// <summary>Name of the first policy, whether it matches anything or not; null without any.</summary>
    public string? FirstName { get; }

    /// <summary>Some policy cannot be judged without a request.</summary>
    public bool AsksRequest { get; }

    /// <summary>Some policy looks at the caller's address.</summary>
    public bool AsksNetwork { get; }

    /// <summary>Name of the first that cannot; null when all can.</summary>
    public string? FirstThatAsks { get; }

    /// <summary>A policy that matches, or null.</summary>
    public Policy? Find(in AuthorizationView view)
    {
        if (!view.Identity.IsEmpty)
        {
            for (var lookup = 0; lookup < _byIdentity.Lookups; lookup++)
            {
                if (_byIdentity.Find(view.Identity, lookup)?.Find(in view) is { } found)
                {
                    return found;
                }
            }
        }

        return _anyIdentity.Find(in view);
    }

    private static Dictionary<LiteralKey, List<Policy>> Bucket(
        IEnumerable<Policy> policies, Func<Policy, List<LiteralKey>?> keysOf, out List<Policy> others)
    {
        var buckets = new Dictionary<LiteralKey, List<Policy>>(KeyEquality.Instance);
        others = [];
        foreach (var policy in policies)
        {
            if (keysOf(policy) is not { } keys)
            {
                others.Add(policy);
                continue;
            }

            foreach (var key in keys.Distinct(KeyEquality.Instance))
            {
                if (!buckets.TryGetValue(key, out var bucket))
                {
                    buckets.Add(key, bucket = []);
                }

                bucket.Add(policy);
            }
        }

        return buckets;
    }

    /// <summary>Policies of one identity by their paths.</summary>
    private sealed class ByPath
    {
        private readonly LiteralIndex<Policy[]> _byPath;
        private readonly Policy[] _anyPath;

        public ByPath(IEnumerable<Policy> policies)
        {
            var buckets = Bucket(policies, policy => LiteralKeys.OfPath(policy.Operation), out var others);
            _byPath = new LiteralIndex<Policy[]>([.. buckets.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.ToArray()))]);
            _anyPath = [.. others];
        }

        public Policy? Find(in AuthorizationView view)
        {
            if (view.IsHttp)
            {
                for (var lookup = 0; lookup < _byPath.Lookups; lookup++)
                {
                    if (_byPath.Find(view.Request.Path, lookup) is { } some && First(some, in view) is { } found)
                    {
                        return found;
                    }
                }
            }

            return First(_anyPath, in view);
        }

        private static Policy? First(Policy[] policies, in AuthorizationView view)
        {
            foreach (var policy in policies)
            {
                if (policy.Matches(in view))
                {
                    return policy;
                }
            }

            return null;
        }
    }

    private sealed class KeyEquality : IEqualityComparer<LiteralKey>
    {
        public static readonly KeyEquality Instance = new();

        public bool Equals(LiteralKey x, LiteralKey y) => x.IsPrefix == y.IsPrefix && x.Literal.AsSpan().SequenceEqual(y.Literal);

        public int GetHashCode(LiteralKey key)
        {
            var hash = default(HashCode);
            hash.AddBytes(key.Literal);
            hash.Add(key.IsPrefix);
            return hash.ToHashCode();
        }
    }
}
