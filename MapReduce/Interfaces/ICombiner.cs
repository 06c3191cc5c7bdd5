namespace Quorleans.MapReduce;

/// <summary>Combines values that are held in memory, as they come. Must be associative and commutative. Write it as a struct: it is inlined.</summary>
/// <typeparam name="TValue">The values.</typeparam>
public interface ICombiner<TValue>
{
    /// <summary>Puts a value into what was combined so far.</summary>
    void Combine(ref TValue combined, TValue value);
}

/// <summary>The sum, wrapping around beyond 64 bits.</summary>
public readonly struct Sum : ICombiner<long>
{
    /// <inheritdoc/>
    public void Combine(ref long combined, long value) => combined += value;
}

/// <summary>The smallest value.</summary>
public readonly struct Minimum : ICombiner<long>
{
    /// <inheritdoc/>
    public void Combine(ref long combined, long value) => combined = Math.Min(combined, value);
}

/// <summary>The largest value.</summary>
public readonly struct Maximum : ICombiner<long>
{
    /// <inheritdoc/>
    public void Combine(ref long combined, long value) => combined = Math.Max(combined, value);
}
