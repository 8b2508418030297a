using Banyan.Rules.Tokens;
using Banyan.Xds;
using Banyan.Xds.Authorization;
using Banyan.Xds.Tokens;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Model;

/// <summary>Issuers of AuthorizationPolicies to the JWT filter.</summary>
/// <remarks>
/// Issuers that say the same are one provider, whichever policies they stand in. A provider leaves the payload of its
/// tokens under its own name, so a rule sees those of its policy's issuers alone.
/// </remarks>
internal sealed class TokenTranslator
{
    private const string FilterName = "envoy.filters.http.jwt_authn";

    private readonly Dictionary<(PolicyToken Token, string? Keys), string> _names = [];
    private readonly JwtAuthentication _filter = new();
    private readonly SortedDictionary<string, List<string>> _enforced = new(StringComparer.Ordinal);
    private readonly List<string> _audited = [];

    public TokenTranslator(AuthorizationPlan plan)
    {
        if (!plan.IsHttp)
        {
            return;
        }

        var at = 0;
        foreach (var policy in plan.Policies)
        {
            for (var i = 0; i < policy.Spec.Jwt.Count; i++)
            {
                Add(policy, policy.Spec.Jwt[i], $"{policy.FullName}/{i}", plan.Keys[at++]);
            }
        }
    }

    /// <summary>The filter; null when no policy asks for tokens.</summary>
    public JwtAuthentication? Filter()
    {
        if (_names.Count == 0)
        {
            return null;
        }

        List<JwtRequirement> all = [.. _enforced.Values.Select(names => Any(names, new JwtRequirement { AllowMissing = new Empty() }))];
        if (_audited.Count > 0)
        {
            all.Add(Any(_audited, new JwtRequirement { AllowMissingOrFailed = new Empty() }));
        }

        var rule = new RequirementRule
        {
            Match = new RouteMatch { Prefix = "/" },
            Requires = all.Count == 1
                ? all[0]
                : new JwtRequirement { RequiresAll = new JwtRequirementAndList { Requirements = { all } } },
        };
        return new JwtAuthentication { Providers = { _filter.Providers }, Rules = { rule } };
    }

    /// <summary>The filter before those that decide; null when no policy asks for tokens.</summary>
    public HttpFilter? Packed() =>
        Filter() is { } filter ? new HttpFilter { Name = FilterName, TypedConfig = Encode.Any(filter) } : null;

    /// <summary>Who has a token of one of the policy's issuers that says all of it; all of these have to hold.</summary>
    /// <remarks>Never a part from one token and a part from another: neither says it.</remarks>
    public IEnumerable<Principal> Claims(
        AuthorizationPolicy policy, EquatableList<string?> keys, IReadOnlyCollection<PolicyClaim> claims)
    {
        var issuers = policy.Spec.Jwt
            .Select((token, i) => _names.GetValueOrDefault((token, keys[i])))
            .Distinct(StringComparer.Ordinal)
            .OfType<string>()
            .Select(provider => claims.Select(claim => new Principal { Metadata = Matcher(provider, claim) }).ToArray())
            .ToArray();
        return issuers switch
        {
            [] => [new() { NotId = new() { Any = true } }],
            [var all] => all,
            _ => [new() { OrIds = new() { Ids = { issuers.Select(All) } } }],
        };
    }

    private static Principal All(Principal[] all) =>
        all is [var one] ? one : new Principal { AndIds = new Principal.Types.Set { Ids = { all } } };

    private static JwtRequirement Any(List<string> names, JwtRequirement otherwise) => new()
    {
        RequiresAny = new JwtRequirementOrList
        {
            Requirements = { names.Select(name => new JwtRequirement { ProviderName = name }).Append(otherwise) },
        },
    };

    private static MetadataMatcher Matcher(string provider, PolicyClaim claim)
    {
        var matcher = new MetadataMatcher { Filter = FilterName };
        matcher.Path.Add(new MetadataMatcher.Types.PathSegment { Key = provider });
        matcher.Path.AddRange(claim.Path.Select(name => new MetadataMatcher.Types.PathSegment { Key = name }));
        if (claim.Values.Contains("*", StringComparer.Ordinal))
        {
            matcher.Value = new ValueMatcher { PresentMatch = true };
            return matcher;
        }

        // A claim is one text, or a list of them.
        var values = new OrMatcher();
        foreach (var text in claim.Values)
        {
            var one = new ValueMatcher
            {
                StringMatch = text[^1] == '*' ? new StringMatcher { Prefix = text[..^1] } : new StringMatcher { Exact = text },
            };
            values.ValueMatchers.Add(one);
            values.ValueMatchers.Add(new ValueMatcher { ListMatch = new ListMatcher { OneOf = one } });
        }

        matcher.Value = new ValueMatcher { OrMatch = values };
        return matcher;
    }

    private void Add(AuthorizationPolicy policy, PolicyToken token, string name, string? keys)
    {
        var header = token.Header.ToLowerInvariant();
        if (_names.TryGetValue((token, keys), out var known))
        {
            name = known;
        }
        else
        {
            _names.Add((token, keys), name);
            _filter.Providers.Add(name, new JwtProvider
            {
                Issuer = token.Issuer,
                Audiences = { token.Audiences },
                LocalJwks = new DataSource { InlineString = keys ?? SigningKeySet.None },
                Forward = true,
                FromHeaders = { new JwtHeader { Name = header, ValuePrefix = header == "authorization" ? "Bearer " : "" } },
                PayloadInMetadata = name,
                NormalizePayloadInMetadata = new JwtProvider.Types.NormalizePayload { SpaceDelimitedClaims = { "scope" } },
                RequireExpiration = true,
            });
        }

        // Audit changes nothing: neither does a bad token, nor one that nobody else takes.
        if (policy.Spec.Mode == PolicyMode.Audit)
        {
            AddOnce(_audited, name);
        }
        else
        {
            if (!_enforced.TryGetValue(header, out var names))
            {
                _enforced.Add(header, names = []);
            }

            AddOnce(names, name);
        }
    }

    private static void AddOnce(List<string> names, string name)
    {
        if (!names.Contains(name, StringComparer.Ordinal))
        {
            names.Add(name);
        }
    }
}
