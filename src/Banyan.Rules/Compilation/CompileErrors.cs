namespace Banyan.Rules.Compilation;

/// <summary>Collects what is wrong with a resource; the first few are kept.</summary>
internal sealed class CompileErrors
{
    private const int Kept = 10;

    private readonly List<string> _messages = [];
    private int _count;

    public bool Any => _count > 0;

    public void Add(string field, string message)
    {
        _count++;
        if (_messages.Count < Kept)
        {
            _messages.Add($"{field}: {message}");
        }
    }

    public static string At(string at, string field) => at.Length == 0 ? field : $"{at}.{field}";

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = string.Join("; ", _messages);
        return _count > _messages.Count ? $"{text}; and {_count - _messages.Count} more" : text;
    }
}
