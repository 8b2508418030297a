namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>Collects what is wrong with a resource, each with the field it is about: the text of a NACK.</summary>
internal sealed class Problems
{
    private readonly List<string> _texts = [];

    public bool Any => _texts.Count > 0;

    public void Add(string field, string message) => _texts.Add($"{field}: {message}");

    /// <summary>Adds what says itself where it is.</summary>
    public void AddRange(IEnumerable<string> problems) => _texts.AddRange(problems);

    /// <summary>Adds the problem when the condition holds.</summary>
    public void AddIf(bool condition, string field, string message)
    {
        if (condition)
        {
            Add(field, message);
        }
    }

    public override string ToString() => string.Join("; ", _texts);
}
