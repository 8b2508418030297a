using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Reads YAML or JSON text into objects. Pure; never throws on any text.</summary>
public static class ConfigReader
{
    /// <param name="path">Name of the text in messages; one that ends with <c>.json</c> must be JSON.</param>
    /// <param name="text">One or many documents.</param>
    public static ReadResult Read(string path, string text)
    {
        var reading = new Reading(path);
        if (text.Length > Limits.TextLength)
        {
            reading.Add(1, 1, $"longer than {Limits.TextLength / (1024 * 1024)} MiB");
            return new ReadResult([], reading.Finish(), []);
        }

        var documents = new DocumentReader(reading);
        foreach (var root in Parse(path, text, reading))
        {
            documents.Read(root);
        }

        return new ReadResult(documents.Objects.ToEquatableList(), reading.Finish(), documents.Skipped());
    }

    private static List<Node> Parse(string path, string text, Reading reading)
    {
        var start = text.AsSpan().TrimStart(" \t\r\n\ufeff");
        var isJson = path.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        if (isJson || (!start.IsEmpty && start[0] is '{' or '['))
        {
            var json = new Reading(path);
            if (JsonText.TryRead(text.TrimStart('\ufeff'), json, out var roots, out var problem) || isJson)
            {
                foreach (var duplicate in json.Finish())
                {
                    reading.Add(duplicate);
                }

                if (problem is not null)
                {
                    reading.Add(problem);
                }

                return roots;
            }

            // YAML may begin with a brace too.
        }

        return YamlText.Read(text, reading);
    }
}
