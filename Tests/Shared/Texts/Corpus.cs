using System.Text;

namespace Quorleans.Tests.Shared;

/// <summary>Texts with words as frequent as in English, some of them not ASCII; the same for the same seed.</summary>
public static class Corpus
{
    private static readonly string[] Separators = [" ", " ", " ", " ", ", ", ". ", "\n", "\n", "\r\n", " - ", "'", "’", "\t", " 42 ", "\0", "_"];

    public static byte[] Text(int seed, int bytes)
    {
        Random random = new(seed);
        string[] words = [.. Enumerable.Range(0, 5000).Select(i => Word(new Random(i)))];
        StringBuilder text = new(bytes + 64);
        while (text.Length < bytes)
        {
            // Zipf: the rank's logarithm is uniform.
            text.Append(words[(int)Math.Exp(random.NextDouble() * Math.Log(words.Length)) - 1]);
            text.Append(Separators[random.Next(Separators.Length)]);
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>What a program without splits, threads, runs and merges makes of files: for each reduce task the lines in order.</summary>
    public static string SequentialWordCount(IEnumerable<string> files, int reducers)
    {
        Dictionary<string, long> counts = new(StringComparer.Ordinal);
        foreach (string file in files)
        {
            StringBuilder word = new();
            foreach (Rune rune in (File.ReadAllText(file, new UTF8Encoding(false)) + " ").EnumerateRunes())
            {
                if (Rune.IsLetter(rune))
                {
                    word.Append(rune.ToString());
                }
                else if (word.Length > 0)
                {
                    counts[word.ToString()] = counts.GetValueOrDefault(word.ToString()) + 1;
                    word.Clear();
                }
            }
        }

        var lines = counts.Select(pair => (Key: Encoding.UTF8.GetBytes(pair.Key), pair.Value)).ToList();
        lines.Sort((a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        StringBuilder output = new();
        for (int reducer = 0; reducer < reducers; reducer++)
        {
            foreach ((byte[] key, long value) in lines.Where(line => Partition(line.Key, reducers) == reducer)) output.Append(Encoding.UTF8.GetString(key)).Append(' ').Append(value).Append('\n');
        }

        return output.ToString();
    }

    private static int Partition(byte[] key, int reducers) => (int)(key.Aggregate(2166136261u, (hash, b) => (hash ^ b) * 16777619u) & 0x7fffffff) % reducers;

    private static string Word(Random random)
    {
        const string Letters = "etaoinshrdlucmwfgypbvk";
        string word = string.Concat(Enumerable.Range(0, 1 + random.Next(3) + random.Next(1, 22) / 4 * random.Next(1, 5)).Select(_ => Letters[(int)(Letters.Length * Math.Pow(random.NextDouble(), 2))]));
        return random.Next(20) switch { 0 => word + "é", 1 => "Ж" + word, 2 => word.ToUpperInvariant(), 3 => "𝒜" + word, _ => word };
    }
}
