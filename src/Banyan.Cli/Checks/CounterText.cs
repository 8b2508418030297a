using System.Text.Json;

namespace Banyan.Cli.Checks;

/// <summary>The counters of one application: a JSON object with numbers, and objects of numbers within.</summary>
internal static class CounterText
{
    /// <summary>Finds a number.</summary>
    /// <param name="text">What the application answered.</param>
    /// <param name="counter">The member; dots lead into objects within.</param>
    public static Reading Find(string text, string counter)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var value = document.RootElement;
            foreach (var name in counter.Split('.'))
            {
                if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
                {
                    return Reading.Failed("no such counter");
                }
            }

            return value.ValueKind == JsonValueKind.Number
                ? Reading.Of(value.GetDouble())
                : Reading.Failed("not a number");
        }
        catch (JsonException)
        {
            return Reading.Failed("the answer is not JSON");
        }
    }
}
