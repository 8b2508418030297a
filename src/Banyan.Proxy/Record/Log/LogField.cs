namespace Banyan.Proxy.Record;

/// <summary>One more member of a log line: a text or a whole number.</summary>
public readonly record struct LogField
{
    /// <summary>A text; null is written as null.</summary>
    public LogField(string name, string? text)
    {
        Name = name;
        Text = text;
        IsNumber = false;
    }

    /// <summary>A number.</summary>
    public LogField(string name, long number)
    {
        Name = name;
        Number = number;
        IsNumber = true;
    }

    /// <summary>Name of the member.</summary>
    public string Name { get; }

    internal string? Text { get; }

    internal long Number { get; }

    internal bool IsNumber { get; }
}
