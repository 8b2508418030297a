using System.Text;
using Banyan.Rules.Tokens;
using Banyan.Xds;
using Banyan.Xds.Tokens;

namespace Banyan.Rules.Compilation;

/// <summary>Compiles the JWT filter. What is not supported is refused: a check that was left out would open a door.</summary>
internal sealed class TokenCompiler(CompileErrors errors, IReadOnlyList<ClaimPath> claims)
{
    private const int MostText = 4096;

    private readonly List<TokenField> _fields = [];
    private readonly List<TokenProvider> _providers = [];
    private readonly List<TokenRequirement> _requirements = [];

    public TokenTable Compile(JwtAuthentication filter, string at)
    {
        if (filter.Providers.Count > TokenLimits.Providers)
        {
            errors.Add($"{at}.providers", $"more than {TokenLimits.Providers}");
            return new TokenTable([], [], []);
        }

        foreach (var (name, provider) in filter.Providers.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Add(name, provider, $"{at}.providers[{name}]");
        }

        if (filter.Rules.Count > 1)
        {
            errors.Add($"{at}.rules", "one is supported, for every path");
        }
        else if (filter.Rules.Count == 1)
        {
            Require(filter.Rules[0], $"{at}.rules[0]");
        }

        return new TokenTable([.. _providers], [.. _fields], [.. _requirements]);
    }

    private void Add(string name, JwtProvider provider, string at)
    {
        Demand(provider.Issuer.Length is > 0 and <= MostText, $"{at}.issuer", "needed, so that no other's tokens pass");
        Demand(provider.Forward, $"{at}.forward", "only true is supported: the application gets the token too");
        Demand(provider.FromHeaders.Count == 1, $"{at}.from_headers", "exactly one is supported");
        Demand(provider.ClockSkewSeconds <= 3600, $"{at}.clock_skew_seconds", "at most 3600");
        var skew = provider.ClockSkewSeconds == 0 ? TokenLimits.ClockSkew : provider.ClockSkewSeconds;
        _providers.Add(new TokenProvider
        {
            Name = name,
            Issuer = provider.Issuer,
            Audiences = [.. provider.Audiences],
            Keys = Keys(provider, $"{at}.local_jwks"),
            Field = provider.FromHeaders.Count == 1 ? Field(provider.FromHeaders[0], $"{at}.from_headers[0]") : 0,
            RequiresExpiry = provider.RequireExpiration,
            Skew = skew,
            Spaced = [.. provider.NormalizePayloadInMetadata?.SpaceDelimitedClaims ?? []],
            Claims = provider.PayloadInMetadata.Length == 0
                ? []
                : [.. claims.Index().Where(each => each.Item.Payload == provider.PayloadInMetadata)
                    .Select(each => (each.Index, each.Item.Names))],
        });
    }

    private SigningKeySet Keys(JwtProvider provider, string at)
    {
        var json = provider.LocalJwks?.SpecifierCase switch
        {
            DataSource.SpecifierOneofCase.InlineString => Encoding.UTF8.GetBytes(provider.LocalJwks.InlineString),
            DataSource.SpecifierOneofCase.InlineBytes => provider.LocalJwks.InlineBytes.ToByteArray(),
            _ => [],
        };
        if (json.Length == 0)
        {
            errors.Add(at, "inline_string or inline_bytes is needed");
        }
        else if (SigningKeySet.TryRead(json, out var keys, out var problem))
        {
            return keys;
        }
        else
        {
            errors.Add(at, problem);
        }

        return SigningKeySet.Empty;
    }

    private int Field(JwtHeader header, string at)
    {
        var name = Encoding.UTF8.GetBytes(header.Name.ToLowerInvariant());
        var prefix = Encoding.UTF8.GetBytes(header.ValuePrefix.ToLowerInvariant());
        Demand(name.Length is > 0 and <= 256 && name[0] != ':' && prefix.Length <= 256, at, "a field name, and a prefix of at most 256 bytes");
        var known = _fields.FindIndex(each => each.Name.AsSpan().SequenceEqual(name));
        if (known >= 0)
        {
            Demand(_fields[known].Prefix.AsSpan().SequenceEqual(prefix), $"{at}.value_prefix", "another provider has another for this field");
            return known;
        }

        Demand(_fields.Count < TokenLimits.Fields, at, $"more than {TokenLimits.Fields} fields");
        _fields.Add(new TokenField(name, prefix));
        return _fields.Count - 1;
    }

    private void Require(RequirementRule rule, string at)
    {
        var isEverything = rule.Match is
        {
            PathSpecifierCase: RouteMatch.PathSpecifierOneofCase.Prefix, Prefix: "/", Headers.Count: 0, QueryParameters.Count: 0,
            RuntimeFraction: null,
        };
        Demand(isEverything, $"{at}.match", "only prefix \"/\" is supported");
        if (rule.RequirementTypeCase == RequirementRule.RequirementTypeOneofCase.Requires)
        {
            Require(rule.Requires, $"{at}.requires", mayJoin: true);
        }
    }

    private void Require(JwtRequirement requirement, string at, bool mayJoin)
    {
        switch (requirement.RequiresTypeCase)
        {
            case JwtRequirement.RequiresTypeOneofCase.RequiresAll when mayJoin:
                Demand(requirement.RequiresAll.Requirements.Count > 0, $"{at}.requires_all", "at least one is required");
                for (var i = 0; i < requirement.RequiresAll.Requirements.Count; i++)
                {
                    Require(requirement.RequiresAll.Requirements[i], $"{at}.requires_all.requirements[{i}]", mayJoin: false);
                }

                break;
            case JwtRequirement.RequiresTypeOneofCase.RequiresAny:
                Join(requirement.RequiresAny.Requirements, $"{at}.requires_any");
                break;
            default:
                Join([requirement], at);
                break;
        }
    }

    private void Join(IReadOnlyList<JwtRequirement> any, string at)
    {
        List<int> providers = [];
        var leniency = TokenLeniency.None;
        for (var i = 0; i < any.Count; i++)
        {
            switch (any[i].RequiresTypeCase)
            {
                case JwtRequirement.RequiresTypeOneofCase.ProviderName:
                    var index = _providers.FindIndex(each => each.Name == any[i].ProviderName);
                    Demand(index >= 0, at, $"there is no provider \"{any[i].ProviderName}\"");
                    providers.Add(Math.Max(index, 0));
                    break;
                case JwtRequirement.RequiresTypeOneofCase.AllowMissing:
                    leniency = leniency == TokenLeniency.None ? TokenLeniency.Missing : leniency;
                    break;
                case JwtRequirement.RequiresTypeOneofCase.AllowMissingOrFailed:
                    leniency = TokenLeniency.MissingOrFailed;
                    break;
                default:
                    errors.Add(at, $"{any[i].RequiresTypeCase} is not supported here");
                    break;
            }
        }

        Demand(providers.Count > 0 || leniency != TokenLeniency.None, at, "at least one is required");
        _requirements.Add(new TokenRequirement([.. providers], leniency));
    }

    private void Demand(bool good, string at, string otherwise)
    {
        if (!good)
        {
            errors.Add(at, otherwise);
        }
    }
}
