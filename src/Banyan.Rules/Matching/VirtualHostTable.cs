namespace Banyan.Rules.Matching;

/// <summary>The routes of one virtual host; the first that matches wins.</summary>
internal sealed class VirtualHostTable
{
    /// <summary>Up to here testing one rule after the other is quicker than hashing the path.</summary>
    private const int ScanAtMost = 8;

    private readonly RouteRule[] _rules;
    private readonly PathIndex? _index;

    /// <summary>Takes the enabled rules in order.</summary>
    public VirtualHostTable(RouteRule[] rules)
    {
        _rules = rules;
        _index = rules.Length > ScanAtMost ? PathIndex.Build(rules) : null;
    }

    /// <summary>The first route, whatever it matches.</summary>
    public CompiledRoute? First => _rules.Length == 0 ? null : _rules[0].Route;

    public CompiledRoute? Match(in RequestView request)
    {
        if (_index is not null)
        {
            return _index.Match(in request, _rules);
        }

        foreach (var rule in _rules)
        {
            if (rule.Matches(in request))
            {
                return rule.Route;
            }
        }

        return null;
    }
}
