namespace Banyan.Rules.Compilation;

/// <summary>Gives every cluster name a number.</summary>
internal sealed class ClusterNames
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

    public int NumberOf(string name)
    {
        if (!_numbers.TryGetValue(name, out var number))
        {
            number = _numbers.Count;
            _numbers.Add(name, number);
        }

        return number;
    }

    /// <summary>The names in order of their numbers.</summary>
    public string[] ToArray() => [.. _numbers.OrderBy(pair => pair.Value).Select(pair => pair.Key)];
}
